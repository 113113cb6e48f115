"""The archive: the issues that readers may see, found by their slot, and listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from newsletter.catalog import listing as catalog
from newsletter.catalog.listing import Topic, topics_of
from newsletter.errors import NotFound
from newsletter.issues import listing
from newsletter.issues.calendar import parse_slot
from newsletter.models.dataset import Version
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.models.post import Post

T = TypeVar("T")

PUBLIC = (IssueState.SENDING, IssueState.PAUSED, IssueState.SENT)


@dataclass(frozen=True, slots=True)
class ListedIssue:
    """What the archive is narrowed by: an issue without its message."""

    id: int
    kind: Kind
    date: date
    begun: datetime  # when it went out
    topic: Topic | None  # of its dataset's version
    language: str | None  # of its post

    @property
    def year(self) -> int:
        return self.date.year


def page_of(session: Session, slot: str) -> str | None:
    """The HTML of the public issue in a slot (see ``Issue.slot``). Raises NotFound."""
    return _of_public(session, select(Issue.page), slot)


def message_of(session: Session, slot: str) -> bytes | None:
    """The frozen message of the public issue in a slot. Raises NotFound."""
    return _of_public(session, select(Issue.message), slot)


def chart_of(session: Session, slot: str) -> str | None:
    """The storage key of the chart of the public issue in a slot. Raises NotFound."""
    chart = select(Version.chart_png).select_from(Issue).outerjoin(Issue.version)
    return _of_public(session, chart, slot)


def listed(session: Session) -> list[ListedIssue]:
    """The public issues of every kind, the newest first."""
    begun = func.coalesce(Issue.frozen_at, Issue.created_at)
    rows = (
        select(Issue.id, Issue.kind, Issue.date, begun, Issue.version_id, Post.language)
        .outerjoin(Issue.post)
        .where(Issue.state.in_(PUBLIC))
        .order_by(*listing.NEWEST)
    )
    opened = select(Version.id).join(Issue).where(Issue.state.in_(PUBLIC))
    topics = topics_of(session, opened)
    return [
        ListedIssue(key, kind, day, at, topics.get(version_id or 0), language)
        for key, kind, day, at, version_id, language in session.execute(rows)
    ]


def load(session: Session, ids: Sequence[int]) -> list[Issue]:
    """The issues with these keys, in their order, with what they are called after."""
    return _loaded(session, ids, listing.named())


def load_whole(session: Session, ids: Sequence[int]) -> list[Issue]:
    """The same with the whole versions that they open, as a feed shows them."""
    return _loaded(session, ids, (joinedload(Issue.version).options(*catalog.light()),))


def latest(session: Session) -> Issue | None:
    """The newest public issue of the regular rhythm, with what it opens."""
    rows = select(Issue).where(Issue.state.in_(PUBLIC), Issue.kind == Kind.REGULAR)
    version = joinedload(Issue.version).options(*catalog.light())
    return session.scalars(rows.order_by(*listing.NEWEST).options(version).limit(1)).first()


def on_dataset(session: Session, dataset_id: int) -> list[Issue]:
    """The public issues about any version of a dataset, the newest first."""
    rows = select(Issue).join(Issue.version).where(Version.dataset_id == dataset_id)
    return list(session.scalars(rows.where(Issue.state.in_(PUBLIC)).order_by(*listing.NEWEST)))


def previous_on_topic(session: Session, issue: Issue) -> Issue | None:
    """The newest public issue before this one whose dataset shares a keyword with it."""
    if issue.version is None:
        return None
    keywords = set(issue.version.keywords)
    earlier = (
        select(Issue.id, Version.keywords)
        .join(Issue.version)
        .where(Issue.state.in_(PUBLIC), Issue.kind == Kind.REGULAR, Issue.date < issue.date)
        .order_by(*listing.NEWEST)
    )
    ids = (key for key, words in session.execute(earlier) if keywords.intersection(words))
    first = next(ids, None)
    return None if first is None else load(session, [first])[0]


def _loaded(session: Session, ids: Sequence[int], options: Sequence[Any]) -> list[Issue]:
    rows = select(Issue).where(Issue.id.in_(ids)).options(*options)
    by_id = {issue.id: issue for issue in session.scalars(rows)}
    return [by_id[key] for key in ids]


def _of_public(session: Session, column: Select[T], slot: str) -> T:
    day, kind = parse_slot(slot)
    rows = column.where(Issue.date == day, Issue.kind == kind, Issue.state.in_(PUBLIC))
    row = session.execute(rows).one_or_none()
    if row is None:
        raise NotFound("There is no issue of that date.")
    value: T = row[0]
    return value
