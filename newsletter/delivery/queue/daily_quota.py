"""The daily quota: how many messages may still be begun today, by all workers together.

It is kept in the database, so that a restart or a second worker begins no
count of its own. A day is one of UTC. What is claimed is counted; what is put
back untouched is taken off again.

During a warm-up each day allows more than the one before, if that was used: a
day of which less than half was used is repeated, since nobody has come to know
us by it. A warm-up begins on the first day that has one, and anew after a day
that had none.
"""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.models.delivery import Quota
from newsletter.rates import WarmUp


def left(session: Session, per_day: int, now: datetime, warm_up: WarmUp | None = None) -> int:
    """How many are left today. Other workers wait to ask until the transaction ends."""
    row = session.scalar(select(Quota).where(Quota.day == now.date()).with_for_update())
    if row is None:
        row = Quota(day=now.date(), used=0)
        session.add(row)
    row.warm_up = _warmed_up_to(session, warm_up, per_day, now) if warm_up else None
    row.allowed = per_day if row.warm_up is None else row.warm_up
    session.flush()
    return max(0, row.allowed - row.used)


def use(session: Session, count: int, now: datetime) -> None:
    """Count ``count`` more (fewer, if negative) for today."""
    if count:
        today = update(Quota).where(Quota.day == now.date())
        session.execute(today.values(used=Quota.used + count))


def again_at(session: Session, now: datetime) -> datetime | None:
    """When more may be begun, if today's quota is used up: midnight UTC. None: it is not."""
    row = session.get(Quota, now.date())
    if row is None or row.allowed is None or row.used < row.allowed:
        return None
    return datetime.combine(now.date() + timedelta(days=1), time(), UTC)


def _warmed_up_to(session: Session, warm_up: WarmUp, per_day: int, now: datetime) -> int:
    """What the warm-up allows today, at most ``per_day``."""
    earlier = select(Quota).where(Quota.day < now.date()).order_by(Quota.day.desc())
    last = session.scalar(earlier.limit(1))
    if last is None or last.warm_up is None:
        return warm_up.first
    if last.used * 2 < last.warm_up:
        return min(per_day, last.warm_up)
    return min(per_day, max(last.warm_up + 1, round(last.warm_up * warm_up.factor)))
