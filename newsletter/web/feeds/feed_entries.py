"""What a feed tells of: the issues as they were mailed, the posts, and what was wrong.

An entry's id is a tag: URI (RFC 4151) of the site's name, a date that never changes and
what it is, so it stays when the title or the text does. What changes moves ``updated``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from flask import render_template
from sqlalchemy.orm import Session

from newsletter.catalog import listing
from newsletter.catalog.versions import errata
from newsletter.catalog.versions.changes import kept
from newsletter.issues import archive
from newsletter.mailing.placeholders import without_marks
from newsletter.models.dataset import Erratum, Version
from newsletter.models.issue import Issue, Kind
from newsletter.models.post import Post
from newsletter.paging import Page, cut
from newsletter.posts import search
from newsletter.tables.diff.words import facts
from newsletter.web.context import installation, public_url
from newsletter.web.site.posts.posts import published_at, shown_absolutely

ENTRIES = 30  # of a page


class FeedKind(StrEnum):
    """What ``?kind=`` narrows a feed to."""

    DATASETS = "datasets"  # the Monday issues
    POSTS = "posts"
    CORRECTIONS = "corrections"


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    title: str
    url: str
    summary: str
    html: str
    published: datetime
    updated: datetime  # later, where it was changed or turned out to be wrong
    keywords: list[str]
    author: str = ""  # empty: this newsletter


class Listed(NamedTuple):
    """An entry that is not loaded yet."""

    published: datetime
    kind: FeedKind
    id: int  # of the issue, the post, the erratum


def entries(session: Session, kind: FeedKind | None, keyword: str, number: int) -> Page[Entry]:
    """A page of them, the newest first, of one kind and of one keyword where they are given.

    A correction is one entry, whether it was mailed or not; so is a post.
    """
    listed = [
        entry
        for list_ in LISTS
        if kind in (None, list_)
        for entry in LISTS[list_](session, keyword)
    ]
    # Stable: what is of one moment stays in the order of the kinds.
    newest = sorted(listed, key=lambda entry: entry.published, reverse=True)
    return cut(newest, number, ENTRIES).filled(partial(_loaded, session))


def _issues(session: Session, keyword: str) -> list[Listed]:
    return [
        Listed(issue.begun, FeedKind.DATASETS, issue.id)
        for issue in archive.listed(session)
        if issue.kind is Kind.REGULAR
        and issue.topic is not None
        and (not keyword or keyword in issue.topic.keywords)
    ]


def _posts(session: Session, keyword: str) -> list[Listed]:
    return [
        Listed(post.published_at, FeedKind.POSTS, post.id)
        for post in search.listed(session)
        if not keyword or keyword in post.topic.keywords
    ]


def _errata(session: Session, keyword: str) -> list[Listed]:
    return [
        Listed(erratum.published_at, FeedKind.CORRECTIONS, erratum.id)
        for erratum in errata.listed(session)
        if not keyword or keyword in erratum.keywords
    ]


LISTS: dict[FeedKind, Callable[[Session, str], list[Listed]]] = {
    FeedKind.DATASETS: _issues,
    FeedKind.POSTS: _posts,
    FeedKind.CORRECTIONS: _errata,
}


def _loaded(session: Session, listed: Sequence[Listed]) -> list[Entry]:
    """The entries themselves, in the same order."""
    ids = {kind: [entry.id for entry in listed if entry.kind is kind] for kind in FeedKind}
    issues = archive.load_whole(session, ids[FeedKind.DATASETS])
    listing.show_first_rows(session, [issue.version for issue in issues if issue.version])
    written = search.load_whole(session, ids[FeedKind.POSTS])
    corrections = errata.load(session, ids[FeedKind.CORRECTIONS])
    made = {
        FeedKind.DATASETS: map(_of_issue, issues),
        FeedKind.POSTS: map(_of_post, written),
        FeedKind.CORRECTIONS: map(_of_erratum, corrections),
    }
    return [next(made[entry.kind]) for entry in listed]


def _of_issue(issue: Issue) -> Entry:
    version = issue.version
    assert version is not None  # noqa: S101 - _issues() leaves the others out
    gone, erratum = version.withdrawal, version.erratum
    template = "site/entry_withdrawn.html" if gone else "site/entry.html"
    html = render_template(template, issue=issue, version=version)
    published = issue.frozen_at or issue.created_at
    moments = [published]
    moments += [erratum.published_at] if erratum else []
    moments += [gone.withdrawn_at] if gone else []
    return Entry(
        id=f"tag:{installation().settings.host},{issue.date}:{issue.kind.value}",
        title=without_marks(issue.title),
        url=public_url("archive.issue", day=issue.slot),
        summary=without_marks(gone.reason if gone else issue.preheader or version.summary),
        html=without_marks(html),
        published=published,
        updated=max(moments),
        keywords=_words(version),
    )


def _of_post(post: Post) -> Entry:
    """With its code and what that put out, the figures by absolute addresses."""
    html = render_template("site/post_entry.html", post=post, cells=shown_absolutely(post))
    published = published_at(post)
    return Entry(
        id=f"tag:{installation().settings.host},{post.created_at.date()}:post/{post.slug}",
        title=without_marks(post.title),
        url=public_url("posts.page", slug=post.slug),
        summary=without_marks(post.question),
        html=without_marks(html),
        published=published,
        updated=max(published, post.modified_at),
        keywords=_words(post.version),
        author=without_marks(post.author),
    )


def _of_erratum(erratum: Erratum) -> Entry:
    """The correction of the oldest version that it is about."""
    opened = installation()
    wrong, right = erratum.version, erratum.corrected_by
    slug, day = right.dataset.slug, erratum.published_at.date()
    diff = kept(wrong, right, opened.storage)  # which the correction has asked for
    changed = facts(diff) if diff is not None else []
    html = render_template("site/erratum.html", erratum=erratum, changed=changed)
    return Entry(
        id=f"tag:{opened.settings.host},{day}:erratum/{slug}/{right.number}",
        title=without_marks(f"Correction: {right.title}"),
        url=public_url("versions.compared", slug=slug, before=wrong.number, after=right.number),
        summary=without_marks(erratum.note),
        html=without_marks(html),
        published=erratum.published_at,
        updated=erratum.published_at,
        keywords=_words(right),
    )


def _words(version: Version) -> list[str]:
    if version.is_withdrawn:
        return []
    return [without_marks(word) for word in version.keywords]
