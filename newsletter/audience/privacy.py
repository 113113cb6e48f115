"""Forgetting a person: nothing is left but a keyed hash that keeps them unmailed."""

from datetime import datetime

from sqlalchemy import delete, func, update
from sqlalchemy.orm import Session

from newsletter.audience import subscriptions
from newsletter.audience.suppression import suppress
from newsletter.models.delivery import TO_CURATORS, Delivery, Notice
from newsletter.models.feedback import FeedbackEvent
from newsletter.models.submission import Submission
from newsletter.models.subscriber import Status, Subscriber, Suppression, SuppressionReason

TO_READERS = Notice.kind.not_in(TO_CURATORS)


def erase(session: Session, subscriber: Subscriber, now: datetime) -> None:
    """Delete a subscriber and all that names them; the counts of past issues stay.

    What mail servers said of them goes, as it often quotes the address.
    What they brought stays with the name that they gave for the credit; the address goes.
    """
    subscriptions.depart(session, subscriber, Status.UNSUBSCRIBED, now)
    suppress(session, subscriber.address_hash, SuppressionReason.ERASURE, now)
    _forget_replies(session, subscriber)
    key = subscriber.address_key
    session.execute(delete(Notice).where(func.lower(Notice.address) == key, TO_READERS))
    session.execute(
        update(Submission).where(func.lower(Submission.address) == key).values(address=None)
    )
    session.delete(subscriber)
    session.flush()


def _forget_replies(session: Session, subscriber: Subscriber) -> None:
    its_own, hashed = subscriber.id, subscriber.address_hash
    for table, column, is_theirs in (
        (Delivery, "reply", Delivery.subscriber_id == its_own),
        (FeedbackEvent, "detail", FeedbackEvent.subscriber_id == its_own),
        (Suppression, "detail", Suppression.address_hash == hashed),
    ):
        session.execute(update(table).where(is_theirs).values({column: None}))
