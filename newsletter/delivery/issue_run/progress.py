"""How a send is getting on, as a curator watches it.

Each look reads indexes that hold what it asks for, so that it stays cheap for a
million deliveries while they are being sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.issue_run.reasons import Reason, reasons_of
from newsletter.delivery.queue import daily_quota
from newsletter.delivery.queue.balance import Balance, balance_of
from newsletter.models.delivery import (
    OPEN_ROWS,
    ROWS_WITH_A_REASON,
    SENT_ROWS,
    Delivery,
    DeliveryState,
)
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Subscriber

RECENTLY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an issue is at one moment."""

    balance: Balance
    # Messages that a server took in the last minute, or since the issue froze if that is
    # less long ago, a second.
    per_second: float
    waiting: int  # to be tried at a later moment
    next_try: datetime | None  # the first of these moments
    time_left: timedelta | None  # until each that is open was tried; None: nothing moves
    reasons: list[Reason]  # why some did not go out, the commonest first
    quota_until: datetime | None = None  # today's quota is used up, and more may go then

    @property
    def settled(self) -> int:
        return self.balance.candidates - self.balance.pending


@dataclass(frozen=True, slots=True)
class Trouble:
    """A delivery that did not go out, or not yet, or nobody knows."""

    address: str | None  # None: the person was erased since
    state: DeliveryState
    reason: str
    reply: str
    at: datetime | None
    again: datetime | None  # when it is tried next; None: never


def progress(session: Session, issue: Issue, now: datetime) -> Progress:
    """The books of a frozen issue as they stand."""
    balance = balance_of(session, issue)
    per_second = _per_second(session, issue, now)
    later = select(
        func.count(), func.min(Delivery.not_before), func.max(Delivery.not_before)
    ).where(Delivery.issue_id == issue.id, OPEN_ROWS, Delivery.not_before > now)
    waiting, next_try, last_try = session.execute(later).one()
    never = select(func.count()).where(
        Delivery.issue_id == issue.id, OPEN_ROWS, Delivery.not_before.is_(None)
    )
    to_try = balance.pending + balance.unknown - (session.scalar(never) or 0)
    time_left = None
    if issue.state is IssueState.SENDING and per_second and to_try:
        at_this_rate = timedelta(seconds=to_try / per_second)
        time_left = max(at_this_rate, last_try - now) if last_try else at_this_rate
    reasons = reasons_of(session, issue)
    quota_until = None
    if issue.state is IssueState.SENDING and to_try > waiting:
        quota_until = daily_quota.again_at(session, now)
    return Progress(balance, per_second, waiting, next_try, time_left, reasons, quota_until)


def troubles(session: Session, issue: Issue, reasons: Sequence[Reason], most: int) -> list[Trouble]:
    """The latest setbacks among ``reasons``, the newest first; to be excluded is none."""
    rows = select(Delivery, Subscriber.address).outerjoin(
        Subscriber, Subscriber.id == Delivery.subscriber_id
    )
    setbacks: list[Trouble] = []
    # From each group its own latest: the index has them in this order.
    for reason in reasons:
        if reason.state is DeliveryState.EXCLUDED:
            continue
        group = (Delivery.state == reason.state, Delivery.reason == (reason.word or None))
        latest = rows.where(Delivery.issue_id == issue.id, ROWS_WITH_A_REASON, *group)
        latest = latest.order_by(Delivery.settled_at.desc()).limit(most)
        setbacks += [
            Trouble(address, d.state, d.reason or "", d.reply or "", d.settled_at, d.not_before)
            for d, address in session.execute(latest)
        ]
    setbacks.sort(key=lambda trouble: trouble.at or issue.created_at, reverse=True)
    return setbacks[:most]


def roughly(left: timedelta) -> str:
    """A time to wait in words: about 7 minutes."""
    minutes = left.total_seconds() / 60
    if minutes < 1:
        return "less than a minute"
    if minutes < 90:
        number, unit = round(minutes), "minute"
    elif minutes < 48 * 60:
        number, unit = round(minutes / 60), "hour"
    else:
        number, unit = round(minutes / 60 / 24), "day"
    return f"about {number} {unit}{'' if number == 1 else 's'}"


def _per_second(session: Session, issue: Issue, now: datetime) -> float:
    taken = select(func.count()).where(
        Delivery.issue_id == issue.id, SENT_ROWS, Delivery.settled_at > now - RECENTLY
    )
    long = min(RECENTLY, max(now - (issue.frozen_at or now), timedelta(seconds=1)))
    return (session.scalar(taken) or 0) / long.total_seconds()
