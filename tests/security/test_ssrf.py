"""Row "SSRF": by the form and by the command, no spelling reaches what is inside.

Each rule has its own test in tests/fetching/test_download.py; here the doors are tried.
"""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fetching.test_download import SPELLINGS
from tests.web.admin.conftest import Browser

WORDS = {"slug": "inside", "title": "From inside", "summary": "x" * 30, "description": "x" * 60}


@pytest.fixture
def canary() -> Iterator[tuple[int, list[object]]]:
    """A port of loopback on both families, and who came."""
    came: list[object] = []
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        server.settimeout(0.2)
        done = threading.Event()

        def watch() -> None:
            while not done.is_set():
                try:
                    connection, peer = server.accept()
                except TimeoutError:
                    continue
                came.append(peer)
                connection.close()

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield server.getsockname()[1], came
        finally:
            done.set()
            thread.join()


def test_no_spelling_gets_in_by_the_form(owner: Browser, canary: tuple[int, list[object]]) -> None:
    port, came = canary
    token = owner.token("/admin/datasets/new")
    for number, spelling in enumerate(SPELLINGS):
        url, slug = spelling.replace("{port}", str(port)), f"inside-{number}"
        words = WORDS | {"slug": slug, "tables-0-url": url, "tables-0-name": "t"}
        answer = owner.send("/admin/datasets/new", csrf_token=token, **words)
        if answer.status_code == 302:  # spelled as an address: the task looks where it leads
            owner.work()
            answer = owner.get(f"/admin/datasets/{slug}/edit")
            assert 'id="tables-0-url-problem">' in answer.text, url
        else:
            assert answer.status_code == 422, url
        assert "_problem" not in answer.text
    assert came == []


@pytest.mark.parametrize("host", ["localhost", "127.1", "[::1]", "2130706433"])
def test_no_spelling_gets_in_by_the_command(
    environ: dict[str, str], tmp_path: Path, canary: tuple[int, list[object]], host: str
) -> None:
    port, came = canary
    named = ["--slug=inside", "--title=From inside", "--license=CC0-1.0"]
    done = subprocess.run(
        [sys.executable, "-m", "newsletter", "dataset", "add", f"http://{host}:{port}/x", *named],
        env=environ | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert "is not on the public Internet: give a public address." in done.stderr
    assert came == []


def test_the_canary_sees_who_comes(canary: tuple[int, list[object]]) -> None:
    port, came = canary
    for host in ("127.0.0.1", "::1"):
        socket.create_connection((host, port), timeout=5).close()
    while len(came) < 2:
        threading.Event().wait(0.01)
