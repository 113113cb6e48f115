"""The archive: the issues that readers may see, found by their slot, and listed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload, undefer

from newsletter.catalog import listing as catalog
from newsletter.catalog.listing import Topic, topics_of
from newsletter.catalog.refusals import refuse_withdrawn
from newsletter.errors import NotFound
from newsletter.issues import listing
from newsletter.issues.calendar import parse_slot
from newsletter.models.dataset import Version, VersionState
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.models.post import Post

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


def get(session: Session, slot: str, *options: Any) -> Issue:
    """The public issue in a slot (see ``Issue.slot``), with the version that it opens. Raises
    NotFound."""
    day, kind = parse_slot(slot)
    version = joinedload(Issue.version).options(
        joinedload(Version.dataset), joinedload(Version.withdrawal)
    )
    rows = select(Issue).where(Issue.date == day, Issue.kind == kind, Issue.state.in_(PUBLIC))
    issue = session.scalar(rows.options(version, *options))
    if issue is None:
        raise NotFound("There is no issue of that date.")
    return issue


def page_of(session: Session, slot: str) -> str | None:
    """The HTML of the public issue in a slot. Raises NotFound, or Withdrawn with its data."""
    return _readable(session, slot, undefer(Issue.page)).page


def message_of(session: Session, slot: str) -> bytes | None:
    """The frozen message of the public issue in a slot. Raises NotFound or Withdrawn."""
    return _readable(session, slot, undefer(Issue.message)).message


def chart_of(session: Session, slot: str) -> str | None:
    """The storage key of the chart of the public issue in a slot. Raises NotFound or Withdrawn."""
    version = _readable(session, slot).version
    return version.chart_png if version is not None else None


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
    topics = {key: _shown(topic) for key, topic in topics_of(session, opened).items()}
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
    """The newest public issue of the regular rhythm whose data are there, with what it opens."""
    rows = select(Issue).where(Issue.state.in_(PUBLIC), Issue.kind == Kind.REGULAR, _has_data())
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
        .where(Issue.state.in_(PUBLIC), Issue.kind == Kind.REGULAR, _has_data())
        .where(Issue.date < issue.date)
        .order_by(*listing.NEWEST)
    )
    ids = (key for key, words in session.execute(earlier) if keywords.intersection(words))
    first = next(ids, None)
    return None if first is None else load(session, [first])[0]


def _loaded(session: Session, ids: Sequence[int], options: Sequence[Any]) -> list[Issue]:
    rows = select(Issue).where(Issue.id.in_(ids)).options(*options)
    by_id = {issue.id: issue for issue in session.scalars(rows)}
    return [by_id[key] for key in ids]


def _readable(session: Session, slot: str, *options: Any) -> Issue:
    issue = get(session, slot, *options)
    if issue.version is not None:
        refuse_withdrawn(issue.version, issue.version.number)
    return issue


def _shown(topic: Topic) -> Topic:
    """What was withdrawn is found by its title alone."""
    return replace(topic, keywords=()) if topic.state is VersionState.WITHDRAWN else topic


def _has_data() -> ColumnElement[bool]:
    """Whether what an issue opens is there: after the day nothing of it is shown."""
    gone = select(Version.id).where(Version.state == VersionState.WITHDRAWN)
    return or_(Issue.version_id.is_(None), Issue.version_id.not_in(gone))
