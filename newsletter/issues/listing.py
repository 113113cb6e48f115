"""Lists of issues, each with what it is called after, and without its message."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload, load_only

from newsletter import paging
from newsletter.catalog import listing as catalog
from newsletter.models.dataset import Version
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.models.post import Post
from newsletter.paging import Page
from newsletter.posts.search import whole

NEWEST = (Issue.date.desc(), Issue.id.desc())


def issues(session: Session) -> list[Issue]:
    """All of them, the newest slot first."""
    return list(session.scalars(_newest_first()))


def begun_or_past(session: Session, today: date, number: int) -> Page[Issue]:
    """A page of those whose day has passed on the list's calendar, or that have begun, the
    newest slot first."""
    past = or_(Issue.date < today, Issue.frozen_at.is_not(None))
    return paging.fetch(session, _newest_first().where(past), number)


def since(session: Session, day: date, kind: Kind) -> list[Issue]:
    """Those of one kind from ``day`` on, the newest first."""
    return list(session.scalars(_newest_first().where(Issue.kind == kind, Issue.date >= day)))


def on_days(session: Session, days: Collection[date], kind: Kind) -> dict[date, Issue]:
    """Those of one kind on some days, with all that says whether they are ready."""
    version = joinedload(Issue.version).options(*catalog.light())
    post = joinedload(Issue.post).options(*whole())
    rows = select(Issue).where(Issue.kind == kind, Issue.date.in_(days)).options(version, post)
    return {issue.date: issue for issue in session.scalars(rows)}


def in_states(session: Session, states: Collection[IssueState], limit: int) -> list[Issue]:
    """Those in one of ``states`` with the newest slots."""
    return list(session.scalars(_newest_first().where(Issue.state.in_(states)).limit(limit)))


def opening(session: Session, versions: Collection[int]) -> list[Issue]:
    """Those that open one of these versions, by their keys, the newest slot first."""
    return list(session.scalars(_newest_first().where(Issue.version_id.in_(versions))))


def named() -> tuple[Any, ...]:
    """What ``Issue.title`` needs, and a line about it."""
    words = load_only(Version.title, Version.summary, Version.number, Version.state)
    version = joinedload(Issue.version).options(words, joinedload(Version.dataset))
    return version, joinedload(Issue.post).load_only(Post.title, Post.question, Post.slug)


def _newest_first() -> Select[Issue]:
    """Issues with what they are called after."""
    return select(Issue).order_by(*NEWEST).options(*named())
