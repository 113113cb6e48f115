"""The issues as feeds: Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1, with full content.

An entry's id is a tag: URI (RFC 4151) of the site's name and the issue's
date, so it stays when the title or the address of the page changes. What turned
out to be wrong has a later ``updated``, and an entry of its own that says what.
``?keyword=`` narrows each of them to the datasets of one keyword.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from feedgen.feed import FeedGenerator
from flask import Blueprint, Response, jsonify, make_response, render_template, request

from newsletter import clock
from newsletter.catalog import errata
from newsletter.catalog.changes import between
from newsletter.catalog.diff.words import facts
from newsletter.issues import calendar
from newsletter.issues.holes import without_marks
from newsletter.models.dataset import Erratum, Version
from newsletter.models.issue import Issue, Kind
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
    updated: datetime  # later, where what it says turned out to be wrong
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
                "date_modified": entry.updated.isoformat(),
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
    feed.link(href=_self(endpoint, keyword), rel="self")
    # Last: feedgen makes it what RSS calls the channel's link.
    feed.link(href=public_url("home.home"), rel="alternate")
    feed.language("en")
    feed.updated(max((entry.updated for entry in entries), default=clock.now()))
    for entry in entries:
        item = feed.add_entry(order="append")
        item.id(entry.id)
        item.title(entry.title)
        item.link(href=entry.url, rel="alternate")
        item.summary(entry.summary)
        item.content(entry.html, type="html")
        item.published(entry.published)
        item.updated(entry.updated)
        item.category([{"term": word} for word in entry.keywords])
    return feed


def _entries(keyword: str) -> list[Entry]:
    """The newest issues and errata, of one keyword if there is one. A correction is one
    entry, whether it was mailed or not."""
    with installation().db.read() as session:
        issues = [
            _entry(issue)
            for issue in calendar.public_issues(session)
            if issue.kind is not Kind.CORRECTION and _is_about(issue.version, keyword)
        ]
        said = {each.corrected_by_id: each for each in errata.errata(session)}
        corrections = [
            _correction(erratum)
            for erratum in said.values()
            if _is_about(erratum.corrected_by, keyword)
        ]
    newest = sorted([*corrections, *issues], key=lambda entry: entry.published, reverse=True)
    return newest[:ENTRIES]


def _is_about(version: Version | None, keyword: str) -> bool:
    return version is not None and (not keyword or keyword in version.keywords)


def _entry(issue: Issue) -> Entry:
    version = issue.version
    assert version is not None  # noqa: S101 - _entries leaves the others out
    html = render_template("site/entry.html", issue=issue, version=version)
    published = issue.frozen_at or issue.created_at
    erratum = version.erratum
    return Entry(
        id=f"tag:{installation().settings.host},{issue.date}:{issue.kind.value}",
        title=without_marks(issue.title),
        url=public_url("archive.issue", day=issue.slot),
        summary=without_marks(issue.preheader or version.summary),
        html=without_marks(html),
        published=published,
        updated=max(published, erratum.published_at) if erratum else published,
        keywords=[without_marks(word) for word in version.keywords],
    )


def _correction(erratum: Erratum) -> Entry:
    """The correction of the oldest version that it is about."""
    opened = installation()
    wrong, right = erratum.version, erratum.corrected_by
    slug, day = right.dataset.slug, erratum.published_at.date()
    changed = facts(between(wrong, right, opened.storage))
    html = render_template("site/erratum.html", erratum=erratum, changed=changed)
    return Entry(
        id=f"tag:{opened.settings.host},{day}:erratum/{slug}/{right.number}",
        title=without_marks(f"Correction: {right.title}"),
        url=public_url("versions.compared", slug=slug, before=wrong.number, after=right.number),
        summary=without_marks(erratum.note),
        html=without_marks(html),
        published=erratum.published_at,
        updated=erratum.published_at,
        keywords=[without_marks(word) for word in right.keywords],
    )


def _title(keyword: str) -> str:
    title = installation().settings.title
    return without_marks(f"{title}: {keyword}" if keyword else title)


def _self(endpoint: str, keyword: str) -> str:
    return public_url(endpoint, **({"keyword": keyword} if keyword else {}))
