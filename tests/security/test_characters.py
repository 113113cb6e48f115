"""Row "characters that a layer below refuses": whatever stands in an address, a field or a
header, the answer is ours, and no fault of ours."""

from collections.abc import Iterable

import pytest
from flask import Flask

from newsletter.installation import Installation
from tests.security.hostile_requests import Request, in_addresses, in_forms, in_headers, shown_forms
from tests.web.admin.conftest import Browser

EVERYTHING = "a\0b\x01c\x0bd\x1fe\x7ff\x85g\ud800h\udfffi\ufffej\uffffk\u202el\u2028m\nn\r\no\tp"
NUMBERS = ["9" * 30, "-" + "9" * 5000]
TEXTS = [
    EVERYTHING,
    "\0",
    "a\r\nX-Injected: 1",
    *NUMBERS,
    "%00%0a%25../../\N{GRINNING FACE}",
]


@pytest.fixture
def environ(environ: dict[str, str], database_url: str) -> dict[str, str]:
    """Each test runs on both databases: they refuse different things."""
    return environ | {"DATABASE_URL": database_url}


def faults(app: Flask, browser: Browser, requests: Iterable[Request]) -> list[str]:
    """Those that were answered as if something of ours had broken."""
    seen = []
    for request in requests:
        for limiter in app.extensions["limiter"]:
            limiter.reset()
        answer = request.send(browser)
        if answer.status_code >= 500:
            seen.append(f"{answer.status_code} {request.method} {request.says}")
        answer.close()
    return seen


def test_no_part_of_an_address_breaks_anything(
    app: Flask, seeded: Installation, owner: Browser
) -> None:
    assert faults(app, owner, in_addresses(app, TEXTS)) == []


def test_no_header_breaks_anything(app: Flask, seeded: Installation, owner: Browser) -> None:
    assert faults(app, owner, in_headers([EVERYTHING, *NUMBERS])) == []


# Werkzeug leaves the files of a form that it refuses half-way to the garbage collector.
@pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.Spooled:ResourceWarning")
def test_no_field_of_a_form_breaks_anything(
    app: Flask, seeded: Installation, owner: Browser
) -> None:
    forms = list(shown_forms(app, owner))
    assert faults(app, owner, in_forms(forms, TEXTS, one_by_one=True)) == []
    assert owner.get("/admin/").status_code == 200, "the session ended on the way"


@pytest.mark.parametrize("body", ["[" * 100_000, "1", "[1]", '{"date": {"a": []}}', "{"])
def test_json_fills_no_form(seeded: Installation, owner: Browser, body: str) -> None:
    for path in ("/admin/submissions/1/decline", "/admin/login", "/admin/datasets/new"):
        answer = owner.client.post(path, data=body, content_type="application/json")
        assert answer.status_code == 400, path
