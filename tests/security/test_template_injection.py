"""Row "template injection": what people write is text, never a template."""

from typing import Any, cast

import pytest
from flask.testing import FlaskClient

from newsletter.installation import Installation
from tests import factories

PAYLOADS = ["{{ config }}", "{{7*7}}", "{% set x = 1 %}", "{{ ''.__class__.__mro__ }}", "#{7*7}"]
FIELDS = ["title", "summary", "description", "citation", "temporal", "spatial", "chart_alt"]
PAGES = ["/", "/datasets/", "/datasets/payload", "/issues/", "/feed.atom", "/feed.json"]


@pytest.fixture(params=PAYLOADS)
def payload(request: pytest.FixtureRequest, installation: Installation) -> str:
    """One payload in every field that a curator fills in, and in the data."""
    text = str(request.param)
    with installation.db.write() as session:
        version = factories.dataset(
            session,
            installation.storage,
            "payload",
            {"payload": f'"{text}",n\n"{text}",1\n'},
            **cast(Any, dict.fromkeys(FIELDS, text)),
            keywords=[text],
            questions=[text],
            caveats=[text],
            creators=[{"name": text}],
            credit={"curator": text, "hat_tip": text},
            sources=[{"title": text, "url": "https://example.org/", "publisher": text}],
        )
        factories.issue(session, version, subject=text, preheader=text, intro=text)
    return text


def test_a_curators_braces_stay_braces(client: FlaskClient, payload: str) -> None:
    literal = payload.replace("'", "&#39;")
    for path in PAGES:
        response = client.get(path)
        assert response.status_code == 200
        assert "SECRET_KEY" not in response.text
        assert "&lt;class" not in response.text
    assert literal in client.get("/datasets/payload").text
    assert literal in client.get("/").text


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_visitors_braces_stay_braces(client: FlaskClient, text: str) -> None:
    literal = text.replace("'", "&#39;")
    assert literal in client.get("/datasets/", query_string={"q": text}).text
    assert literal in client.post("/subscribe", data={"email": text}).text
