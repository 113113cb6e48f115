"""The feeds, as feed readers read them."""

from datetime import date

import feedparser
import pytest
from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.models.issue import IssueState
from tests import factories

XML_FEEDS = ["/feed.atom", "/feed.rss"]


@pytest.fixture
def two_issues(seeded: Installation) -> Installation:
    """The penguins' issue, and an earlier one on rivers; a planned one that nobody may see."""
    with seeded.db.write() as session:
        nile = factories.dataset(
            session,
            seeded.storage,
            "nile",
            {"flow": "year,flow\n1871,1120\n1872,1160\n"},
            title="The Nile & its <flow>",
            keywords=["rivers"],
        )
        factories.issue(session, nile, date(2026, 11, 16))
        factories.issue(session, nile, date(2026, 11, 30), IssueState.PLANNED)
    return seeded


@pytest.mark.usefixtures("two_issues")
@pytest.mark.parametrize("path", XML_FEEDS)
def test_a_feed_reads_without_complaint(client: FlaskClient, path: str) -> None:
    feed = feedparser.parse(client.get(path).data)
    assert not feed.bozo
    assert [entry.link for entry in feed.entries] == [
        "https://news.example.org/issues/2026-11-23",
        "https://news.example.org/issues/2026-11-16",
    ]
    assert feed.entries[0].published_parsed[:5] == (2026, 11, 23, 9, 0)
    assert {"self", "alternate"} <= {link.rel for link in feed.feed.links}
    self_link = next(link.href for link in feed.feed.links if link.rel == "self")
    assert self_link == f"https://news.example.org{path}"


@pytest.mark.usefixtures("two_issues")
@pytest.mark.parametrize("path", XML_FEEDS)
def test_an_entry_keeps_its_id_and_has_the_whole_content(client: FlaskClient, path: str) -> None:
    entry = feedparser.parse(client.get(path).data).entries[0]
    assert entry.id == "tag:news.example.org,2026-11-23:monday"
    html = entry.content[0].value
    assert "<strong>depth</strong>" in html
    assert "bill_mm" in html
    assert "https://news.example.org/issues/2026-11-23/chart.png" in html


@pytest.mark.usefixtures("two_issues")
def test_markup_in_a_title_is_text(client: FlaskClient) -> None:
    feed = feedparser.parse(client.get("/feed.atom").data)
    assert feed.entries[1].title_detail.type == "text/plain"
    assert feed.entries[1].title == "The Nile & its <flow>"


@pytest.mark.usefixtures("two_issues")
@pytest.mark.parametrize("path", [*XML_FEEDS, "/feed.json"])
def test_a_keyword_narrows_a_feed(client: FlaskClient, path: str) -> None:
    text = client.get(f"{path}?keyword=rivers").text
    assert "issues/2026-11-16" in text
    assert "issues/2026-11-23" not in text


@pytest.mark.usefixtures("two_issues")
def test_the_json_feed_says_the_same(client: FlaskClient) -> None:
    response = client.get("/feed.json")
    assert response.content_type == "application/feed+json"
    feed = response.get_json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "https://news.example.org/feed.json"
    assert [item["id"] for item in feed["items"]] == [
        "tag:news.example.org,2026-11-23:monday",
        "tag:news.example.org,2026-11-16:monday",
    ]
    assert feed["items"][0]["date_published"] == "2026-11-23T09:00:00+00:00"
    assert "bill_mm" in feed["items"][0]["content_html"]


@pytest.mark.usefixtures("two_issues")
@pytest.mark.parametrize("path", [*XML_FEEDS, "/feed.json"])
def test_a_reader_that_has_it_gets_nothing_twice(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert first.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", XML_FEEDS)
def test_a_feed_without_issues_is_still_a_feed(client: FlaskClient, path: str) -> None:
    feed = feedparser.parse(client.get(path).data)
    assert not feed.bozo
    assert feed.entries == []


def test_a_control_character_does_not_break_it(
    client: FlaskClient, installation: Installation
) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage, description="bell \x07 \ufdd0")
        factories.issue(session, version, subject="A bell \x07 rings")
    feed = feedparser.parse(client.get("/feed.atom").data)
    assert not feed.bozo
    assert feed.entries[0].title == "A bell \N{REPLACEMENT CHARACTER} rings"
