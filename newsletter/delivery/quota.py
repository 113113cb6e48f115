"""The daily quota: how many messages may still be begun today, by all workers together.

It is kept in the database, so that a restart or a second worker begins no
count of its own. A day is one of UTC. What is claimed is counted; what is put
back untouched is taken off again.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.models.delivery import Quota


def left(session: Session, per_day: int, now: datetime) -> int:
    """How many are left today. Other workers wait to ask until the transaction ends."""
    today = now.date()
    row = session.scalar(select(Quota).where(Quota.day == today).with_for_update())
    if row is None:
        session.add(Quota(day=today, used=0))
        session.flush()
        return per_day
    return max(0, per_day - row.used)


def use(session: Session, count: int, now: datetime) -> None:
    """Count ``count`` more (fewer, if negative) for today."""
    if count:
        today = update(Quota).where(Quota.day == now.date())
        session.execute(today.values(used=Quota.used + count))
