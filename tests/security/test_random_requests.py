"""Whatever is asked, signed in or not, the answer is ours within a second of processor time, and
nothing grows by it.

NEWSLETTER_TESTS_REQUESTS says how many are asked on each database, NEWSLETTER_TESTS_SEED which.
"""

import json
import os
import time
from pathlib import Path

import psutil
import pytest
from flask import Flask

from newsletter.installation import Installation
from tests.security.hostile_requests import shown_forms
from tests.security.random_requests import RandomRequests
from tests.web.admin.conftest import OWNER, Browser

REQUESTS = int(os.environ.get("NEWSLETTER_TESTS_REQUESTS", "250"))
SEED = int(os.environ.get("NEWSLETTER_TESTS_SEED", "1"))
CPU_SECONDS = 1.0
MEMORY_BYTES = 100 * 1024**2  # of which the pages that are kept may take half
DISK_BYTES = 4 * 1024  # a request: what is typed well is kept, and recorded


@pytest.fixture
def environ(environ: dict[str, str], database_url: str) -> dict[str, str]:
    """With an identity provider that does not answer."""
    return environ | {
        "DATABASE_URL": database_url,
        "NEWSLETTER_OIDC_ISSUER": "http://127.0.0.1:9",
        "NEWSLETTER_OIDC_CLIENT_ID": "newsletter",
        "NEWSLETTER_OIDC_CLIENT_SECRET": "secret",
    }


@pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.Spooled:ResourceWarning")
def test_no_request_breaks_anything_or_costs_much(
    app: Flask, seeded: Installation, owner: Browser, nobody: Browser, temporary: Path
) -> None:
    requests = RandomRequests(app, list(shown_forms(app, owner)), SEED)
    process, home, wrong = psutil.Process(), seeded.settings.home, []
    size, memory, slowest = _size(home), 0, 0.0
    for number in range(REQUESTS):
        if number == REQUESTS // 4:
            memory = process.memory_info().rss
        if number % 50 == 0:
            for limiter in app.extensions["limiter"]:
                limiter.reset()
            if owner.get("/admin/").status_code != 200:
                assert owner.sign_in(OWNER).status_code == 302
        began = time.process_time()
        says, answer = requests.send(number, (nobody if number % 3 == 0 else owner).client)
        seconds = time.process_time() - began
        if answer.status_code >= 500 and not _is_busy(answer.status_code, answer.headers):
            wrong.append(f"{answer.status_code} {says}")
        slowest = max(slowest, seconds)
        if seconds > CPU_SECONDS:
            wrong.append(f"{seconds:.1f} s {says}")
        answer.close()
    grown = process.memory_info().rss - memory  # since the first quarter
    written = _size(home) - size
    figures = {
        "database": seeded.db.engine.dialect.name,
        "requests": REQUESTS,
        "wrong": len(wrong),
        "slowest_cpu_s": round(slowest, 3),
        "memory_mb": round(grown / 1024**2, 1),
        "home_mb": round(written / 1024**2, 1),
    }
    print(json.dumps(figures))
    assert wrong == []
    assert grown < MEMORY_BYTES
    assert written < REQUESTS * DISK_BYTES + 10 * 1024**2
    assert list(temporary.iterdir()) == []


def _is_busy(status: int, headers: object) -> bool:
    return status == 503 and "Retry-After" in headers  # type: ignore[operator]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
