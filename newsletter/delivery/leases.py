"""Leases: how long a claim holds, and how it is kept, given back or ended."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, and_, bindparam, select, text, update
from sqlalchemy.orm import Session

from newsletter.delivery.among import among
from newsletter.models.delivery import Delivery, Notice

LEASE = timedelta(minutes=2)

Row = type[Delivery] | type[Notice]

# The leased rows, each in the words of an index: of deliveries there may be millions, and
# of notices one for everybody who ever signed up.
LEASED = {
    Delivery: Delivery.lease_until.is_not(None),
    Notice: and_(text("notice.state IN ('pending', 'unknown')"), Notice.lease_until.is_not(None)),
}


def release(session: Session, row: Row, worker: str, ids: Collection[int]) -> None:
    """Give messages that ``worker`` still holds back untouched."""
    held = update(row).where(among(row.id, ids), row.worker == worker)
    session.execute(held.values(lease_until=None, worker=None))


def put_off(session: Session, worker: str, moments: Mapping[int, datetime]) -> None:
    """Give deliveries that ``worker`` still holds back until the moment of each."""
    held = update(Delivery).where(Delivery.id == bindparam("key"), Delivery.worker == worker)
    session.connection().execute(
        held.values(lease_until=None, worker=None, not_before=bindparam("until")),
        [{"key": key, "until": until} for key, until in moments.items()],
    )


def renew(session: Session, row: Row, worker: str, ids: Collection[int], now: datetime) -> None:
    """Lengthen the leases of messages that ``worker`` still holds."""
    held = update(row).where(among(row.id, ids), row.worker == worker)
    session.execute(held.values(lease_until=now + LEASE))


def reclaim(session: Session, dead: Collection[str]) -> int:
    """End the leases of workers that are known to be dead; returns how many."""
    freed = 0
    for row in (Delivery, Notice):
        leased = update(row).where(LEASED[row], row.worker.in_(dead))
        ended = session.execute(leased.values(lease_until=None, worker=None))
        freed += cast(CursorResult[None], ended).rowcount
    return freed


def leaseholders(session: Session) -> set[str]:
    """The workers that hold a lease on anything now."""
    held: set[str] = set()
    for row in (Delivery, Notice):
        worker: str | None = ""
        while worker is not None:  # one after the other, as DISTINCT would read each row
            others = select(row.worker).where(LEASED[row], row.worker > worker)
            worker = session.scalar(others.order_by(row.worker).limit(1))
            held.update({worker} if worker else ())
    return held
