"""What is kept of people for a time, and no longer."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from newsletter.models.delivery import Notice
from newsletter.models.subscriber import Consent, Status, Subscriber

PENDING_FOR = timedelta(days=30)  # after the last mail that asked to confirm
AT_ONCE = 500  # rows that one transaction changes


def forget_ip_hashes(session: Session, now: datetime) -> int:
    """Forget from where consents came whose time is over, some of them; returns how many."""
    over = select(Consent.id).where(Consent.ip_expires_at <= now).limit(AT_ONCE)
    forgotten = update(Consent).where(Consent.id.in_(over.scalar_subquery()))
    result = session.execute(forgotten.values(ip_hash=None, ip_expires_at=None))
    return cast(CursorResult[None], result).rowcount


def forget_pending(session: Session, now: datetime) -> int:
    """Forget people who never confirmed, some of them; returns how many. Whoever asks again is
    new. The time begins when the mail went out that asked them: on some days few may."""
    asked_at = func.coalesce(Subscriber.confirmation_at, Subscriber.created_at)
    was_mailed_lately = or_(Notice.not_before.is_not(None), Notice.settled_at >= now - PENDING_FOR)
    over = select(Subscriber.id).where(
        Subscriber.status == Status.PENDING,
        asked_at < now - PENDING_FOR,
        ~exists().where(Notice.subscriber_id == Subscriber.id, was_mailed_lately),
    )
    chosen = over.limit(AT_ONCE).scalar_subquery()
    result = session.execute(delete(Subscriber).where(Subscriber.id.in_(chosen)))
    return cast(CursorResult[None], result).rowcount
