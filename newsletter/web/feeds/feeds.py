"""The feeds: Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1, with full content.

``?kind=datasets``, ``posts`` or ``corrections`` narrows each of them to that, ``?keyword=``
to the datasets of one keyword. What is older is on further pages, as RFC 5005 and JSON Feed
have them; RSS knows of no way to say so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from feedgen.feed import FeedGenerator
from flask import Blueprint, Response, abort, jsonify, make_response, request

from newsletter import clock
from newsletter.mailing.placeholders import without_marks
from newsletter.paging import Page
from newsletter.web.context import installation, page_number, public_url
from newsletter.web.feeds.feed_entries import Entry, FeedKind, entries
from newsletter.web.responses.cors import open_to_all
from newsletter.web.responses.page_cache import kept

blueprint = Blueprint("feeds", __name__)

JSON_FEED = "https://jsonfeed.org/version/1.1"
LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which feed a request is for."""

    kind: FeedKind | None
    keyword: str

    @classmethod
    def by_request(cls) -> Self:
        kind = request.args.get("kind", "")
        if kind and kind not in list(FeedKind):
            abort(404, "There is no feed of that kind.")
        return cls(FeedKind(kind) if kind else None, request.args.get("keyword", ""))

    @property
    def query(self) -> dict[str, str]:
        values = {"kind": self.kind.value if self.kind else "", "keyword": self.keyword}
        return {name: value for name, value in values.items() if value}

    @property
    def title(self) -> str:
        of = " ".join(self.query.values())
        title = installation().settings.title
        return without_marks(f"{title}: {of}" if of else title)

    @property
    def id(self) -> str:
        parts = ["issues", *(f"kind={self.kind}" for _ in [self.kind] if self.kind), self.keyword]
        return f"tag:{installation().settings.host},2026:" + "/".join(filter(None, parts))

    def address(self, endpoint: str, number: int = 1) -> str:
        """Of one of its pages: of the first, which is the feed that is subscribed to."""
        return public_url(endpoint, **self.query, page=number if number > 1 else None)

    def page(self) -> Page[Entry]:
        with installation().db.read() as session:
            return entries(session, self.kind, self.keyword, page_number())


@blueprint.get("/feed.atom")
@kept
def atom() -> Response:
    return _answer("feeds.atom", "application/atom+xml", lambda feed: feed.atom_str(pretty=True))


@blueprint.get("/feed.rss")
@kept
def rss() -> Response:
    return _answer("feeds.rss", "application/rss+xml", lambda feed: feed.rss_str(pretty=True))


@blueprint.get("/feed.json")
@kept
def json_feed() -> Response:
    query = Asked.by_request()
    page = query.page()
    feed = {
        "version": JSON_FEED,
        "title": query.title,
        "home_page_url": public_url("home.home"),
        "feed_url": query.address("feeds.json_feed", page.number),
        "authors": [{"name": installation().settings.title, "url": public_url("home.home")}],
        "language": LANGUAGE,
        "items": [_json_item(entry) for entry in page.rows],
    }
    older = {"next_url": query.address("feeds.json_feed", page.after)} if page.after else {}
    response = jsonify(feed | older)
    response.mimetype = "application/feed+json"
    return open_to_all(response)


def _json_item(entry: Entry) -> dict[str, Any]:
    item = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "content_html": entry.html,
        "date_published": entry.published.isoformat(),
        "date_modified": entry.updated.isoformat(),
        "tags": entry.keywords,
    }
    return item | ({"authors": [{"name": entry.author}]} if entry.author else {})


def _answer(endpoint: str, mimetype: str, write: Callable[[FeedGenerator], bytes]) -> Response:
    query = Asked.by_request()
    response = make_response(write(_feed(endpoint, query, query.page())))
    response.mimetype = mimetype
    return open_to_all(response)


def _feed(endpoint: str, query: Asked, page: Page[Entry]) -> FeedGenerator:
    feed = FeedGenerator()
    feed.load_extension("dc", atom=False)
    feed.id(query.id)
    feed.title(query.title)
    feed.subtitle("One dataset, opened, every Monday.")
    feed.author(name=installation().settings.title, uri=public_url("home.home"))
    feed.link(href=query.address(endpoint, page.number), rel="self")
    if page.last > 1:
        for rel, number in _other_pages(page).items():
            feed.link(href=query.address(endpoint, number), rel=rel)
    # Last: feedgen makes it what RSS calls the channel's link.
    feed.link(href=public_url("home.home"), rel="alternate")
    feed.language(LANGUAGE)
    feed.updated(max((entry.updated for entry in page.rows), default=clock.now()))
    for entry in page.rows:
        item = feed.add_entry(order="append")
        item.id(entry.id)
        item.title(entry.title)
        item.link(href=entry.url, rel="alternate")
        item.summary(entry.summary)
        item.content(entry.html, type="html")
        item.published(entry.published)
        item.updated(entry.updated)
        item.category([{"term": word} for word in entry.keywords])
        if entry.author:
            item.author(name=entry.author)
            item.dc.dc_creator(entry.author)  # RSS's own author is an e-mail address
    return feed


def _other_pages(page: Page[Entry]) -> dict[str, int]:
    """By their relation to ``page`` (RFC 5005, section 3)."""
    numbers = {"first": 1, "previous": page.before, "next": page.after, "last": page.last}
    return {rel: number for rel, number in numbers.items() if number}
