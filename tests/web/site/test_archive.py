"""The archive, and the frozen pages in it."""

from datetime import date

import pytest
from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.models.issue import IssueState
from tests import factories

PAGE = (
    '<!doctype html><html><head><style>p{color:red}</style></head><body style="margin:0">'
    "<p>As it was mailed</p></body></html>"
)


@pytest.fixture
def archive(installation: Installation) -> Installation:
    """Two issues of two years, and one that is only planned."""
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        factories.issue(session, version, date(2025, 12, 29), page=PAGE, subject="Year’s end")
        factories.issue(session, version, date(2026, 1, 5), page=PAGE)
        factories.issue(session, version, date(2026, 1, 12), IssueState.PLANNED)
    return installation


@pytest.mark.usefixtures("archive")
def test_issues_stand_under_their_year_the_newest_first(client: FlaskClient) -> None:
    text = client.get("/issues/").text
    order = [text.index(part) for part in (">2026<", "/issues/2026-01-05", ">2025<", "Year’s end")]
    assert order == sorted(order)
    assert "2026-01-12" not in text


def test_an_empty_archive_says_so(client: FlaskClient) -> None:
    assert "has not gone out yet" in client.get("/issues/").text


@pytest.mark.usefixtures("archive")
def test_an_issue_is_served_as_it_was_frozen(client: FlaskClient) -> None:
    assert client.get("/issues/2026-01-05").text == PAGE


@pytest.mark.usefixtures("archive")
def test_an_issue_can_only_be_looked_at(client: FlaskClient) -> None:
    policy = client.get("/issues/2026-01-05").headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "style-src 'unsafe-inline'" in policy
    assert "form-action 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    sandbox = next(part for part in policy if part.startswith("sandbox"))
    assert "allow-scripts" not in sandbox
    assert "allow-same-origin" not in sandbox
    assert not any(part.startswith("script-src") for part in policy)


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    "day",
    ["2026-01-12", "2026-01-06", "20260105", "2026-W02-1", "latest", "2026-13-45", "..", "%27"],
)
def test_what_is_not_public_is_not_there(client: FlaskClient, day: str) -> None:
    assert client.get(f"/issues/{day}").status_code == 404
    assert client.get(f"/issues/{day}/chart.png").status_code == 404


@pytest.mark.usefixtures("archive")
def test_the_chart_of_an_issue_is_a_picture(client: FlaskClient) -> None:
    response = client.get("/issues/2026-01-05/chart.png")
    assert response.content_type == "image/png"
    assert response.data == factories.png()
