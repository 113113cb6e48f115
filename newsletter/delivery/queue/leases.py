"""Leases: how long a claim holds, and how it is kept, given back or ended."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, and_, bindparam, select, text, update
from sqlalchemy.orm import Session

from newsletter.delivery.queue.any_of import among
from newsletter.models.delivery import OPEN_ROWS, Delivery, Notice
from newsletter.models.issue import Issue, IssueState

LEASE = timedelta(seconds=20)  # renewed long before it ends; a dead worker's is soon over
OPEN_STATES = {IssueState.SENDING, IssueState.PAUSED}

Row = type[Delivery] | type[Notice]

# The leased rows, in the words of an index: of deliveries there may be millions, and of
# notices one for everybody who ever signed up.
LEASED: Mapping[Row, ColumnElement[bool]] = {
    row: and_(text(f"{row.__tablename__}.{OPEN_ROWS}"), row.lease_until.is_not(None))
    for row in (Delivery, Notice)
}


def release(session: Session, row: Row, worker: str, ids: Collection[int]) -> None:
    """Give messages that ``worker`` still holds back untouched."""
    leased = update(row).where(among(row.id, ids), row.worker == worker)
    session.execute(leased.values(lease_until=None, worker=None))


def put_off(session: Session, worker: str, moments: Mapping[int, datetime]) -> None:
    """Give deliveries that ``worker`` still holds back until the moment of each."""
    leased = update(Delivery).where(Delivery.id == bindparam("key"), Delivery.worker == worker)
    session.connection().execute(
        leased.values(lease_until=None, worker=None, not_before=bindparam("until")),
        [{"key": key, "until": until} for key, until in moments.items()],
    )


def renew(session: Session, row: Row, worker: str, ids: Collection[int], now: datetime) -> set[int]:
    """Lengthen the leases of messages that ``worker`` still holds; returns which these are."""
    leased = update(row).where(among(row.id, ids), row.worker == worker)
    renewed = leased.values(lease_until=now + LEASE).returning(row.id)
    return set(session.connection().execute(renewed).scalars())


def held(session: Session, row: Row, worker: str, ids: Collection[int]) -> set[int]:
    """Those of the messages that ``worker`` still holds."""
    return set(session.scalars(select(row.id).where(among(row.id, ids), row.worker == worker)))


def reclaim(session: Session, dead: Collection[str]) -> int:
    """End the leases of workers that are known to be dead; returns how many."""
    freed = 0
    for row in (Delivery, Notice):
        leased = update(row).where(LEASED[row], row.worker.in_(dead))
        ended = session.execute(leased.values(lease_until=None, worker=None))
        freed += cast(CursorResult[None], ended).rowcount
    return freed


def leaseholders(session: Session) -> set[str]:
    """The workers that hold a lease on anything now. Looks through all that is not settled."""
    return {
        worker
        for row in (Delivery, Notice)
        for worker in session.scalars(select(row.worker).where(LEASED[row]).distinct())
        if worker is not None
    }


def is_any_held(session: Session, now: datetime) -> bool:
    """Whether a worker holds something that is due."""
    open_issues = select(Issue.id).where(Issue.state.in_(OPEN_STATES))
    for row in (Delivery, Notice):
        leased = select(row.id).where(LEASED[row], row.not_before <= now, row.lease_until > now)
        if row is Delivery:  # by issue, as its index is
            leased = leased.where(Delivery.issue_id.in_(open_issues))
        if session.scalar(leased.limit(1)) is not None:
            return True
    return False
