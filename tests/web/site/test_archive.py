"""The archive, and the frozen pages in it."""

from datetime import date

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.mailing.content import InlineImage
from newsletter.mailing.message import Headers, freeze
from newsletter.mailing.placeholders import Placeholder
from newsletter.mailing.render import RenderedMail
from newsletter.models.issue import IssueState, Kind
from tests import factories
from tests.factories import LONG_AGO

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
    parts = ('id="y2026"', "/issues/2026-01-05", 'id="y2025"', "Year’s end")
    order = [text.index(part) for part in parts]
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


@pytest.fixture
def narrowed(archive: Installation) -> Installation:
    """Another dataset with an issue, a post on it in SQL, and its mailing."""
    with archive.db.write() as session:
        nile = factories.dataset(
            session,
            archive.storage,
            "nile",
            {"nile": "year,flow\n1871,1120\n"},
            title="A hundred years of the Nile",
            keywords=["rivers"],
        )
        factories.issue(session, nile, date(2026, 2, 2), page=PAGE)
        sql = factories.post(session, nile, "nile-dam", language="sql", question="When was it?")
        factories.post(session, nile, "nile-model", language="r")
        factories.issue(session, nile, date(2026, 2, 4), kind=Kind.POST, post=sql, page=PAGE)
    return archive


def test_the_figures_of_a_post_are_those_that_were_mailed(
    client: FlaskClient, installation: Installation
) -> None:
    png = factories.png(30, 20)
    image = InlineImage("figure-1.2026-01-06@post", png, 30, 20, "A figure")
    mail = RenderedMail(
        "A post", f"{Placeholder.UNSUBSCRIBE.value}", f"{Placeholder.UNSUBSCRIBE.value}", (image,)
    )
    headers = Headers.of_issue(installation.settings, "post", date(2026, 1, 6), LONG_AGO)
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        message = freeze(mail, headers).to_bytes()
        factories.issue(session, version, date(2026, 1, 6), kind=Kind.POST, message=message)
    answer = client.get("/issues/2026-01-06-post/figure-1.png")
    assert (answer.mimetype, answer.data) == ("image/png", png)
    assert client.get("/issues/2026-01-06-post/figure-2.png").status_code == 404


@pytest.mark.usefixtures("narrowed")
@pytest.mark.parametrize(
    ("query", "slots"),
    [
        ("", ["2026-02-04-post", "2026-02-02", "2026-01-05", "2025-12-29"]),
        ("?year=2025", ["2025-12-29"]),
        ("?keyword=rivers", ["2026-02-04-post", "2026-02-02"]),
        ("?dataset=penguins", ["2026-01-05", "2025-12-29"]),
        ("?language=sql", ["2026-02-04-post", "2026-02-02"]),
        ("?language=r", ["2026-02-02"]),
        ("?language=r&year=2025", []),
        ("?year=MMXXVI&keyword=", ["2026-02-04-post", "2026-02-02", "2026-01-05", "2025-12-29"]),
    ],
)
def test_the_archive_is_narrowed(client: FlaskClient, query: str, slots: list[str]) -> None:
    page = BeautifulSoup(client.get(f"/issues/{query}").text, "html.parser")
    links = [link["href"] for link in page.select(".year li a")]
    assert links == [f"/issues/{slot}" for slot in slots]
    status = page.select_one("[role=status]")
    if status:
        assert f"{len(slots)} of 4 issues" in status.text
    assert (status is None) == ("=" not in query or query.endswith("keyword="))


@pytest.mark.usefixtures("narrowed")
@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("?language=sql", ["nile"]),
        ("?dataset=penguins", ["penguins"]),
        ("?keyword=rivers&q=hundred", ["nile"]),
        ("?year=2026", ["nile", "penguins"]),
        ("?year=1999", []),
    ],
)
def test_the_catalog_is_narrowed_too(client: FlaskClient, query: str, slugs: list[str]) -> None:
    page = BeautifulSoup(client.get(f"/datasets/{query}").text, "html.parser")
    links = {str(link["href"]).rpartition("/")[2] for link in page.select(".card h3 a")}
    assert links == set(slugs)
    assert {o["value"] for o in page.select("[name=language] option")} == {"", "sql", "r"}
