"""What the outcome of one delivery means beyond its own row of the ledger."""

from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.audience.subscriptions import depart
from newsletter.audience.suppression import suppress
from newsletter.delivery.issue_run.pause import halt
from newsletter.models.delivery import Delivery
from newsletter.models.feedback import FeedbackEvent, FeedbackKind
from newsletter.models.issue import Issue
from newsletter.models.subscriber import Status, Subscriber, SuppressionReason
from newsletter.transports.base import Outcome, Verdict


def take_effect(session: Session, delivery_id: int, outcome: Outcome, at: datetime) -> None:
    """A dead address is a hard bounce and never mailed again; a rule about *us* stops the
    issue. All else concerns the delivery alone."""
    match outcome.verdict:
        case Verdict.NO_SUCH_ADDRESS:
            _bounced(session, session.get_one(Delivery, delivery_id), outcome.reply, at)
        case Verdict.BLOCKED:
            delivery = session.get_one(Delivery, delivery_id)
            issue = session.get_one(Issue, delivery.issue_id)
            halt(session, issue, f"The mail server refuses us: {outcome.reply}", at)


def _bounced(session: Session, delivery: Delivery, reply: str, at: datetime) -> None:
    # Also of a person who was erased meanwhile: the breakers count these events.
    session.add(
        FeedbackEvent(
            provider="smtp",
            event_key=f"{delivery.id}.{delivery.attempts}",
            kind=FeedbackKind.HARD_BOUNCE,
            subscriber_id=delivery.subscriber_id,
            issue_id=delivery.issue_id,
            detail=reply,
            at=at,
        )
    )
    subscriber = session.get(Subscriber, delivery.subscriber_id) if delivery.subscriber_id else None
    if subscriber is not None:
        depart(session, subscriber, Status.BOUNCED, at)
        suppress(session, subscriber.address_hash, SuppressionReason.BOUNCE, at, reply)
