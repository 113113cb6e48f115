"""The feeds, as feed readers read them."""

import xml.etree.ElementTree as ET
from datetime import date, timedelta
from email.utils import parsedate_to_datetime

import feedparser
import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from newsletter.catalog import datasets
from newsletter.installation import Installation
from newsletter.models.dataset import Erratum
from newsletter.models.issue import IssueState, Kind
from newsletter.models.post import PostState
from newsletter.posts import posts
from newsletter.posts.cells import Code, Figure
from tests import factories
from tests.datasets.schema import complaints
from tests.markup import one

ATOM = "{http://www.w3.org/2005/Atom}"
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


KINDS = {
    "datasets": ["monday", "monday"],
    "posts": ["post/nile-dam", "post/penguins-who-is-who"],
    "corrections": ["erratum/penguins/1.1.0"],
}


@pytest.fixture
def everything(two_issues: Installation) -> Installation:
    """Posts too, one with a figure; and a correction, whose mail was sent."""
    storage = two_issues.storage
    with two_issues.db.write() as session:
        nile = datasets.published(session, "nile")
        wrong = datasets.published(session, "penguins")
        key = factories.store(storage, factories.png(), ".png")
        figure = Figure(key, 60, 40, "Level & year")
        cells = (*factories.CELLS, Code("python", "if 1 < 2:\n    plot()", True, (figure,)))
        factories.post(session, wrong, cells=cells)
        factories.post(
            session, nile, "nile-dam", title="When & <why>", published_at=factories.LONG_AGO
        )
        factories.post(session, nile, "nile-draft", PostState.DRAFT)
        factories.issue(session, wrong, date(2026, 11, 24), kind=Kind.POST)
        right = factories.newer(session, storage, "penguins", "1.1.0", factories.PENGUINS)
        said_at = factories.TUESDAY + timedelta(days=1)
        session.add(
            Erratum(version=wrong, corrected_by=right, note="A slip.", published_at=said_at)
        )
        factories.issue(session, right, date(2026, 11, 25), kind=Kind.CORRECTION)
    return two_issues


def ids(client: FlaskClient, query: str = "") -> list[str]:
    items = client.get(f"/feed.json{query}").get_json()["items"]
    return [item["id"].partition(":")[2].partition(":")[2] for item in items]


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_narrows_a_feed(client: FlaskClient, kind: str) -> None:
    assert sorted(ids(client, f"?kind={kind}")) == sorted(KINDS[kind])
    assert sorted(ids(client)) == sorted(each for told in KINDS.values() for each in told)
    for path in XML_FEEDS:
        feed = feedparser.parse(client.get(f"{path}?kind={kind}").data)
        assert not feed.bozo
        assert [entry.id.split(":", 2)[2] for entry in feed.entries] == ids(client, f"?kind={kind}")
        own = next(link.href for link in feed.feed.links if link.rel == "self")
        assert own == f"https://news.example.org{path}?kind={kind}"


@pytest.mark.usefixtures("everything")
def test_a_kind_and_a_keyword_narrow_together(client: FlaskClient) -> None:
    assert ids(client, "?kind=posts&keyword=rivers") == ["post/nile-dam"]
    assert ids(client, "?keyword=rivers") == ["monday", "post/nile-dam"]


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("path", [*XML_FEEDS, "/feed.json"])
def test_a_kind_that_there_is_not_is_no_feed(client: FlaskClient, path: str) -> None:
    assert client.get(f"{path}?kind=campaigns").status_code == 404


@pytest.mark.usefixtures("everything")
def test_feeds_have_ids_of_their_own(client: FlaskClient) -> None:
    queries = ["", "?kind=posts", "?kind=datasets", "?keyword=posts", "?kind=posts&keyword=birds"]
    found = {feedparser.parse(client.get(f"/feed.atom{query}").data).feed.id for query in queries}
    assert len(found) == len(queries)


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("path", XML_FEEDS)
def test_a_post_is_there_whole_with_its_figures_by_address(client: FlaskClient, path: str) -> None:
    (entry, _) = feedparser.parse(client.get(f"{path}?kind=posts").data).entries
    assert entry.title == "Who is who among the penguins"
    assert entry.author == "Ada Example"
    assert entry.link == "https://news.example.org/posts/penguins-who-is-who"
    page = BeautifulSoup(entry.content[0].value, "html.parser")
    assert page.find_all("code")[1].text == "if 1 < 2:\n    plot()"
    assert (
        "https://news.example.org/datasets/penguins/v/1.0.0/penguins.csv" in one(page, "code").text
    )
    assert [cell.text for cell in page.select("td")] == ["Adelie", "39.3", "Gentoo", "48.1"]
    assert one(page, "img")["alt"] == "Level & year"
    figure = client.get(str(one(page, "img")["src"]))
    assert figure.data == factories.png()
    assert str(one(page, "img")["src"]).startswith("https://news.example.org/posts/")


def post_item(client: FlaskClient) -> dict[str, str]:
    found = client.get("/feed.json?kind=posts").get_json()["items"]
    return next(item for item in found if item["url"].endswith("who-is-who"))


def test_an_edited_post_keeps_its_id_and_is_updated(
    client: FlaskClient, everything: Installation
) -> None:
    before = post_item(client)
    assert before["date_modified"] == before["date_published"] == "2026-11-24T09:00:00+00:00"
    with everything.db.write() as session:
        post = posts.get(session, "penguins-who-is-who")
        post.title, post.question = "Another title", "Another question?"
        post.modified_at = factories.TUESDAY + timedelta(hours=5)
    after = post_item(client)
    assert after["title"] == "Another title"
    assert after["id"] == before["id"]
    assert after["date_published"] == before["date_published"]
    assert after["date_modified"] == "2026-11-24T14:00:00+00:00"
    entry = feedparser.parse(client.get("/feed.atom?kind=posts").data).entries[0]
    assert entry.updated == "2026-11-24T14:00:00+00:00"


def test_a_withdrawn_post_is_no_longer_told(client: FlaskClient, everything: Installation) -> None:
    with everything.db.write() as session:
        posts.withdraw(posts.get(session, "nile-dam"), factories.TUESDAY)
    assert ids(client, "?kind=posts") == ["post/penguins-who-is-who"]


def test_rss_has_each_day_and_no_author_that_is_no_address(
    client: FlaskClient, everything: Installation
) -> None:
    """https://www.rssboard.org/rss-specification: an item's author is an e-mail address."""
    text = client.get("/feed.rss?kind=posts").text
    assert "<author>" not in text
    assert "<dc:creator>Ada Example</dc:creator>" in text


@pytest.mark.usefixtures("everything")
def test_atom_and_rss_keep_their_rules_with_posts_in_them(client: FlaskClient) -> None:
    """RFC 4287, section 4.1.2; https://www.rssboard.org/rss-specification."""
    feed = ET.fromstring(client.get("/feed.atom").data)
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 5
    for entry in entries:
        for name in ("id", "title", "updated", "published"):
            assert len(entry.findall(f"{ATOM}{name}")) == 1
        (link,) = entry.findall(f"{ATOM}link")
        assert link.get("rel", "alternate") == "alternate"
        (content,) = entry.findall(f"{ATOM}content")
        assert (content.get("type"), bool(content.text)) == ("html", True)
    assert [name.text for name in feed.findall(f"{ATOM}entry/{ATOM}author/{ATOM}name")] == [
        "Ada Example",
        "Ada Example",
    ]
    items = ET.fromstring(client.get("/feed.rss").data).findall("channel/item")
    assert len({item.findtext("guid") for item in items}) == len(items) == 5
    for item in items:
        assert [guid.get("isPermaLink") for guid in item.findall("guid")] == ["false"]
        assert parsedate_to_datetime(str(item.findtext("pubDate"))).utcoffset() is not None
        assert str(item.findtext("link")).startswith("https://news.example.org/")


@pytest.mark.usefixtures("everything")
def test_the_json_feed_keeps_its_rules_with_posts_in_it(client: FlaskClient) -> None:
    feed = client.get("/feed.json").get_json()
    assert complaints(feed, "json-feed-1.1.json") == []
    authors = [item["authors"] for item in feed["items"] if "authors" in item]
    assert authors == [[{"name": "Ada Example"}]] * 2
