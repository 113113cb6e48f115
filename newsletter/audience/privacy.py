"""Forgetting a person: nothing is left but a keyed hash that keeps them unmailed."""

from datetime import datetime

from sqlalchemy import delete, func, update
from sqlalchemy.orm import Session

from newsletter.audience import subscriptions
from newsletter.audience.suppression import suppress
from newsletter.models.delivery import Notice, NoticeKind
from newsletter.models.submission import Submission
from newsletter.models.subscriber import Status, Subscriber, SuppressionReason

ANSWERS = Notice.kind == NoticeKind.ANSWER


def erase(session: Session, subscriber: Subscriber, now: datetime) -> None:
    """Delete a subscriber and all that names them; the counts of past issues stay.

    What they brought stays with the name that they gave for the credit; the address goes.
    """
    subscriptions.depart(session, subscriber, Status.UNSUBSCRIBED, now)
    suppress(session, subscriber.address_hash, SuppressionReason.ERASURE, now)
    key = subscriber.address_key
    session.execute(delete(Notice).where(func.lower(Notice.address) == key, ANSWERS))
    session.execute(
        update(Submission).where(func.lower(Submission.address) == key).values(address=None)
    )
    session.delete(subscriber)
    session.flush()
