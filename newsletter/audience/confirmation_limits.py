"""How often strangers may have one person asked to confirm. Each limit ends by itself: nobody is
shut out for good by what others have typed."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.models.subscriber import Subscriber

AGAIN_AFTER = timedelta(hours=24)
COUNTED_FOR = timedelta(days=30)
AT_MOST = 3  # while unconfirmed, until none was asked for in so long
# Of all addresses of one mailbox (see email_address.mailbox_key).
OF_MAILBOX_IN_A_DAY = 3
OF_MAILBOX = 9


def is_too_often(session: Session, subscriber: Subscriber, now: datetime) -> bool:
    """Whether a further mail must wait; a count whose time is over begins anew."""
    last = subscriber.confirmation_at
    if last is None or not clock.is_recent(last, COUNTED_FOR, now):
        subscriber.confirmations = 0
    elif subscriber.confirmations >= AT_MOST or clock.is_recent(last, AGAIN_AFTER, now):
        return True
    return _mailbox_has_enough(session, subscriber, now)


def _mailbox_has_enough(session: Session, subscriber: Subscriber, now: datetime) -> bool:
    latest = now + clock.MAY_DIFFER
    asked_since = func.count().filter(Subscriber.confirmation_at > now - AGAIN_AFTER)
    others = select(asked_since, func.coalesce(func.sum(Subscriber.confirmations), 0)).where(
        Subscriber.mailbox == subscriber.mailbox,
        Subscriber.id != subscriber.id,
        Subscriber.confirmation_at.between(now - COUNTED_FOR, latest),
    )
    in_a_day, altogether = session.execute(others).one()
    return bool(in_a_day >= OF_MAILBOX_IN_A_DAY or altogether >= OF_MAILBOX)
