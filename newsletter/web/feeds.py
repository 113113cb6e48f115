"""The issues as feeds: Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1, with full content.

An entry's id is a tag: URI (RFC 4151) of the site's name and the issue's
date, so it stays when the title or the address of the page changes.
``?keyword=`` narrows each of them to the datasets of one keyword.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from feedgen.feed import FeedGenerator
from flask import Blueprint, Response, jsonify, make_response, render_template, request

from newsletter import clock
from newsletter.issues import calendar
from newsletter.issues.holes import without_marks
from newsletter.models.issue import Issue
from newsletter.web.context import installation, public_url
from newsletter.web.cors import open_document

blueprint = Blueprint("feeds", __name__)

ENTRIES = 30
JSON_FEED = "https://jsonfeed.org/version/1.1"


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    title: str
    url: str
    summary: str
    html: str
    published: datetime
    keywords: list[str]


@blueprint.get("/feed.atom")
def atom() -> Response:
    return _answer("feeds.atom", "application/atom+xml", lambda feed: feed.atom_str(pretty=True))


@blueprint.get("/feed.rss")
def rss() -> Response:
    return _answer("feeds.rss", "application/rss+xml", lambda feed: feed.rss_str(pretty=True))


@blueprint.get("/feed.json")
def json_feed() -> Response:
    keyword = request.args.get("keyword", "")
    settings = installation().settings
    response = jsonify(
        version=JSON_FEED,
        title=_title(keyword),
        home_page_url=public_url("home.home"),
        feed_url=_self("feeds.json_feed", keyword),
        authors=[{"name": settings.title, "url": public_url("home.home")}],
        language="en",
        items=[
            {
                "id": entry.id,
                "url": entry.url,
                "title": entry.title,
                "summary": entry.summary,
                "content_html": entry.html,
                "date_published": entry.published.isoformat(),
                "tags": entry.keywords,
            }
            for entry in _entries(keyword)
        ],
    )
    response.mimetype = "application/feed+json"
    return open_document(response)


def _answer(endpoint: str, mimetype: str, write: Callable[[FeedGenerator], bytes]) -> Response:
    keyword = request.args.get("keyword", "")
    response = make_response(write(_feed(endpoint, keyword, _entries(keyword))))
    response.mimetype = mimetype
    return open_document(response)


def _feed(endpoint: str, keyword: str, entries: list[Entry]) -> FeedGenerator:
    settings = installation().settings
    feed = FeedGenerator()
    feed.id(f"tag:{settings.host},2026:issues{'/' if keyword else ''}{keyword}")
    feed.title(_title(keyword))
    feed.subtitle("One dataset, opened, every Monday.")
    feed.author(name=settings.title, uri=public_url("home.home"))
    feed.link(href=public_url("home.home"), rel="alternate")
    feed.link(href=_self(endpoint, keyword), rel="self")
    feed.language("en")
    feed.updated(entries[0].published if entries else clock.now())
    for entry in entries:
        item = feed.add_entry(order="append")
        item.id(entry.id)
        item.title(entry.title)
        item.link(href=entry.url, rel="alternate")
        item.summary(entry.summary)
        item.content(entry.html, type="html")
        item.published(entry.published)
        item.updated(entry.published)
        item.category([{"term": word} for word in entry.keywords])
    return feed


def _entries(keyword: str) -> list[Entry]:
    """The newest issues, of one keyword if there is one."""
    with installation().db.read() as session:
        return [
            _entry(issue)
            for issue in calendar.public_issues(session)
            if issue.version and (not keyword or keyword in issue.version.keywords)
        ][:ENTRIES]


def _entry(issue: Issue) -> Entry:
    version = issue.version
    assert version is not None  # noqa: S101 - _entries leaves the others out
    html = render_template("site/entry.html", issue=issue, version=version)
    return Entry(
        id=f"tag:{installation().settings.host},{issue.date}:{issue.kind.value}",
        title=without_marks(issue.subject or version.title),
        url=public_url("archive.issue", day=issue.date),
        summary=without_marks(issue.preheader or version.summary),
        html=without_marks(html),
        published=issue.frozen_at or issue.created_at,
        keywords=[without_marks(word) for word in version.keywords],
    )


def _title(keyword: str) -> str:
    title = installation().settings.title
    return without_marks(f"{title}: {keyword}" if keyword else title)


def _self(endpoint: str, keyword: str) -> str:
    return public_url(endpoint, **({"keyword": keyword} if keyword else {}))
