"""The daily quota: how many messages may still be begun today, by all workers together.

It is kept in the database, so that a restart or a second worker begins no
count of its own. A day is one of UTC. What is claimed is counted; what is put
back untouched is taken off again.

Of a day, issues and notices have shares that the others leave them: what strangers
ask for never uses up the day that an issue is owed, nor an issue the one on which
somebody confirms.

During a warm-up each day allows more than the one before, if that was used: a
day of which less than half was used is repeated, since nobody has come to know
us by it. A warm-up begins on the first day that has one, and anew after a day
that had none.
"""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Subquery, func, select, update
from sqlalchemy.orm import Session

from newsletter.models.delivery import OPEN_ROWS, Delivery, Quota
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Status, Subscriber
from newsletter.rates import WarmUp

DAY = timedelta(days=1)
UNDER_WAY = (IssueState.SENDING, IssueState.PAUSED)


def left(session: Session, per_day: int, now: datetime, warm_up: WarmUp | None = None) -> int:
    """How many are left today. Other workers wait to ask until the transaction ends."""
    row = session.scalar(select(Quota).where(Quota.day == now.date()).with_for_update())
    if row is None:
        row = Quota(day=now.date(), used=0, notices=0)
        session.add(row)
    row.warm_up = _warmed_up_to(session, warm_up, per_day, now) if warm_up else None
    row.allowed = per_day if row.warm_up is None else row.warm_up
    session.flush()
    return _left(row)


def for_deliveries(session: Session, now: datetime) -> int:
    """How many of them may be deliveries; ``left`` was asked before."""
    return _for_deliveries(_today(session, now))


def for_strangers(session: Session, now: datetime) -> int:
    """How many of them may be notices that strangers ask for; ``left`` was asked before."""
    today = _today(session, now)
    others = _left(today) - _for_curators(today)
    share_of_issues = _allowed(today) * 3 // 4 - (today.used - today.notices)
    if others <= 0 or share_of_issues <= 0:
        return max(0, others)
    return max(0, others - _owed(session, now, share_of_issues))


def use(session: Session, count: int, now: datetime, notices: int = 0) -> None:
    """Count ``count`` more (fewer, if negative) for today, so many of which are notices."""
    if count:
        today = update(Quota).where(Quota.day == now.date())
        more = {"used": Quota.used + count, "notices": Quota.notices + notices}
        session.execute(today.values(more))


def again_at(session: Session, now: datetime) -> datetime | None:
    """When more of an issue may be begun, if today's quota is used up: midnight UTC. None: it is
    not."""
    row = session.get(Quota, now.date())
    if row is None or row.allowed is None or _for_deliveries(row) > 0:
        return None
    return datetime.combine(now.date() + DAY, time(), UTC)


def _today(session: Session, now: datetime) -> Quota:
    return session.get_one(Quota, now.date(), populate_existing=True)


def _left(today: Quota) -> int:
    return max(0, _allowed(today) - today.used)


def _allowed(today: Quota) -> int:
    return today.allowed or 0


def _for_curators(today: Quota) -> int:
    """What nobody else uses up: alerts, tests and answers."""
    return min(_allowed(today) // 20, 50)


def _for_deliveries(today: Quota) -> int:
    share_of_notices = min(_allowed(today) // 10, 500)
    kept = _for_curators(today) + max(0, share_of_notices - today.notices)
    return max(0, _left(today) - kept)


def _owed(session: Session, now: datetime, most: int) -> int:
    """How many messages issues are owed that are under way or begin within a day, up to
    ``most``."""
    under_way = select(Issue.id).where(Issue.state.in_(UNDER_WAY))
    pending = select(Delivery.id).where(
        Delivery.issue_id.in_(under_way), OPEN_ROWS, Delivery.not_before.is_not(None)
    )
    owed = _count(session, pending.limit(most).subquery())
    days = (now.date() - DAY, now.date() + DAY)
    planned = select(Issue.id).where(Issue.state == IssueState.PLANNED, Issue.date.between(*days))
    if owed < most and session.scalar(planned.limit(1)) is not None:
        active = select(Subscriber.id).where(Subscriber.status == Status.ACTIVE)
        owed += _count(session, active.limit(most - owed).subquery())
    return owed


def _count(session: Session, rows: Subquery) -> int:
    return session.scalar(select(func.count()).select_from(rows)) or 0


def _warmed_up_to(session: Session, warm_up: WarmUp, per_day: int, now: datetime) -> int:
    """What the warm-up allows today, at most ``per_day``."""
    earlier = select(Quota).where(Quota.day < now.date()).order_by(Quota.day.desc())
    last = session.scalar(earlier.limit(1))
    if last is None or last.warm_up is None:
        return warm_up.first
    if last.used * 2 < last.warm_up:
        return min(per_day, last.warm_up)
    return min(per_day, max(last.warm_up + 1, round(last.warm_up * warm_up.factor)))
