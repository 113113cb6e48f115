"""The feeds of the starter catalog, whole and by keyword, as strict readers read them."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote_plus

import feedparser
import pytest
import yaml

from tests.datasets.conftest import Starter
from tests.datasets.schema import complaints
from tests.datasets.starter import CATALOG, SLUGS

pytestmark = pytest.mark.xdist_group("starter")

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
KEYWORDS_OF = {
    slug: yaml.safe_load((CATALOG / slug / "dataset.yaml").read_text(encoding="utf-8"))["keywords"]
    for slug in SLUGS
}
ALL_KEYWORDS = sorted({word for words in KEYWORDS_OF.values() for word in words})


def queries() -> Iterator[tuple[str, int]]:
    """What to ask a feed for, and how many entries it then has."""
    yield "", len(SLUGS)
    for keyword in ALL_KEYWORDS:
        about = sum(keyword in words for words in KEYWORDS_OF.values())
        yield f"?keyword={quote_plus(keyword)}", about


def one(element: ET.Element, name: str) -> str:
    """The text of the only ``name`` in ``element``; there is one, and it says something."""
    (found,) = element.findall(name)
    assert found.text
    assert found.text.strip()
    return found.text


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    assert found.utcoffset() is not None
    return found


@pytest.mark.parametrize("path", ["/feed.atom", "/feed.rss"])
def test_feedparser_has_no_complaint(starter: Starter, path: str) -> None:
    for query, entries in queries():
        answer = starter.get(f"{path}{query}")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        feed = feedparser.parse(answer.content, response_headers=headers)
        assert not feed.bozo, feed.get("bozo_exception")
        assert len(feed.entries) == entries
        assert all(entry.content[0].value for entry in feed.entries)


def test_atom_is_by_the_rules(starter: Starter) -> None:
    """RFC 4287, sections 4.1.1 and 4.1.2."""
    ids: set[str] = set()
    for query, entries in queries():
        answer = starter.get(f"/feed.atom{query}")
        assert answer.headers["Content-Type"].startswith("application/atom+xml")
        feed = ET.fromstring(answer.content)
        assert feed.tag == f"{ATOM}feed"
        for name in ("title", f"author/{ATOM}name"):
            one(feed, f"{ATOM}{name}")
        ids.add(one(feed, f"{ATOM}id"))
        links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
        assert links["self"] == f"{starter.base_url}/feed.atom{query}"
        found = feed.findall(f"{ATOM}entry")
        assert len({one(entry, f"{ATOM}id") for entry in found}) == len(found) == entries
        for entry in found:
            one(entry, f"{ATOM}title")
            published = moment(one(entry, f"{ATOM}published"))
            assert published <= moment(one(entry, f"{ATOM}updated"))
            assert moment(one(entry, f"{ATOM}updated")) <= moment(one(feed, f"{ATOM}updated"))
            assert one(entry, f"{ATOM}id").startswith("tag:")
            (link,) = entry.findall(f"{ATOM}link")
            assert link.get("rel", "alternate") == "alternate"
            (content,) = entry.findall(f"{ATOM}content")
            assert content.get("type") == "html"
            assert content.text
    assert len(ids) == len(ALL_KEYWORDS) + 1


def test_rss_is_by_the_rules(starter: Starter) -> None:
    """https://www.rssboard.org/rss-specification, and its profile for atom:link."""
    for query, entries in queries():
        answer = starter.get(f"/feed.rss{query}")
        assert answer.headers["Content-Type"].startswith("application/rss+xml")
        feed = ET.fromstring(answer.content)
        assert (feed.tag, feed.get("version")) == ("rss", "2.0")
        (channel,) = feed
        assert one(channel, "link") == f"{starter.base_url}/"
        for name in ("title", "description"):
            one(channel, name)
        parsedate_to_datetime(one(channel, "lastBuildDate"))
        own = [a for a in channel.findall(f"{ATOM}link") if a.get("rel") == "self"]
        assert [a.get("href") for a in own] == [f"{starter.base_url}/feed.rss{query}"]
        items = channel.findall("item")
        assert len({one(item, "guid") for item in items}) == len(items) == entries
        for item in items:
            assert one(item, "link").startswith(f"{starter.base_url}/issues/")
            assert parsedate_to_datetime(one(item, "pubDate")).utcoffset() is not None
            (guid,) = item.findall("guid")
            assert guid.get("isPermaLink") == "false"
            for name in ("title", "description", CONTENT):
                one(item, name)


def test_the_json_feed_is_by_the_rules(starter: Starter) -> None:
    for query, entries in queries():
        answer = starter.get(f"/feed.json{query}")
        assert answer.headers["Content-Type"].startswith("application/feed+json")
        feed = answer.json()
        assert complaints(feed, "json-feed-1.1.json") == []
        assert feed["feed_url"] == f"{starter.base_url}/feed.json{query}"
        assert len({item["id"] for item in feed["items"]}) == len(feed["items"]) == entries


def test_the_three_say_the_same(starter: Starter) -> None:
    parsed = [feedparser.parse(starter.get(path).content) for path in ("/feed.atom", "/feed.rss")]
    said = [(item["id"], item["title"], item["url"], set(item["tags"]))
            for item in starter.get("/feed.json").json()["items"]]  # fmt: skip
    for feed in parsed:
        assert [
            (entry.id, entry.title, entry.link, {tag.term for tag in entry.tags})
            for entry in feed.entries
        ] == said
