"""Forgetting a person: nothing is left but a keyed hash that keeps them unmailed."""

from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.audience import subscriptions
from newsletter.audience.suppression import suppress
from newsletter.models.subscriber import Status, Subscriber, SuppressionReason


def erase(session: Session, subscriber: Subscriber, now: datetime) -> None:
    """Delete a subscriber and all that names them; the counts of past issues stay."""
    subscriptions.depart(session, subscriber, Status.UNSUBSCRIBED, now)
    suppress(session, subscriber.address_hash, SuppressionReason.ERASURE, now)
    session.delete(subscriber)
    session.flush()
