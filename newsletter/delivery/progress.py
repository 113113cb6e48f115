"""How a send is getting on, as a curator watches it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.balance import Balance, balance_of
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.issue import Issue
from newsletter.models.subscriber import Subscriber

RECENTLY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A delivery that failed, or whose outcome is not known."""

    address: str | None  # None: the person was erased since
    state: DeliveryState
    reason: str
    reply: str
    at: datetime | None
    again: datetime | None  # when it is tried next; None: never


@dataclass(frozen=True, slots=True)
class Progress:
    balance: Balance
    per_second: float  # messages handed over, over the last minute
    reasons: list[tuple[DeliveryState, str, int]]  # of what did not go out, the commonest first
    troubles: list[Trouble]  # the latest

    @property
    def settled(self) -> int:
        return self.balance.candidates - self.balance.pending


def progress(session: Session, issue: Issue, now: datetime, latest: int = 50) -> Progress:
    """The books of a frozen issue as they stand."""
    handed_over = select(func.count()).where(
        Delivery.issue_id == issue.id,
        Delivery.state == DeliveryState.SENT,
        Delivery.settled_at > now - RECENTLY,
    )
    seconds = min(RECENTLY, max(now - (issue.frozen_at or now), timedelta(seconds=1)))
    return Progress(
        balance=balance_of(session, issue),
        per_second=(session.scalar(handed_over) or 0) / seconds.total_seconds(),
        reasons=_reasons(session, issue),
        troubles=_troubles(session, issue, latest),
    )


def _reasons(session: Session, issue: Issue) -> list[tuple[DeliveryState, str, int]]:
    counted = func.count()
    rows = session.execute(
        select(Delivery.state, Delivery.reason, counted)
        .where(
            Delivery.issue_id == issue.id,
            Delivery.state != DeliveryState.SENT,
            Delivery.reason.is_not(None),
        )
        .group_by(Delivery.state, Delivery.reason)
        .order_by(counted.desc(), Delivery.reason)
    )
    return [(state, reason or "", number) for state, reason, number in rows]


def _troubles(session: Session, issue: Issue, latest: int) -> list[Trouble]:
    rows = session.execute(
        select(Delivery, Subscriber.address)
        .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(
            Delivery.issue_id == issue.id,
            Delivery.state.in_((DeliveryState.FAILED, DeliveryState.UNKNOWN)),
        )
        .order_by(Delivery.settled_at.desc(), Delivery.id.desc())
        .limit(latest)
    )
    return [
        Trouble(address, d.state, d.reason or "", d.reply or "", d.settled_at, d.not_before)
        for d, address in rows
    ]
