"""Links in mails: each speaks for one subscriber and one purpose.

A token shows the keyed hash of the address, and its signature binds the subscriber's number as
well. So after a restore from a backup, when numbers are given again, an old link reaches nobody
else; and no link tells how long the list is.

Links of mails from before that named the number alone. They stay good for whoever was a
subscriber then (``Subscriber.binds_links``), and for nobody who came since.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.audience.suppression import is_suppressed
from newsletter.errors import BadToken
from newsletter.models.subscriber import Subscriber
from newsletter.tokens import Signer, shown

CONFIRM, PREFERENCES, UNSUBSCRIBE = "confirm", "preferences", "unsubscribe"  # token purposes
CONFIRM_FOR = timedelta(days=7)
HASH_BYTES = 16


def token(
    signer: Signer, purpose: str, number: int, hashed: str, expires: datetime | None = None
) -> str:
    """That of the subscriber ``number`` whose address has the hash ``hashed``."""
    return signer.seal(_bound(purpose), bytes.fromhex(hashed), expires, bound=str(number))


def token_of(signer: Signer, purpose: str, subscriber: Subscriber) -> str:
    return token(signer, purpose, subscriber.id, subscriber.address_hash)


def confirm_token(signer: Signer, subscriber: Subscriber, now: datetime) -> str:
    """That of a mail that goes out now, which may have waited for its turn."""
    expires = now + CONFIRM_FOR
    return token(signer, CONFIRM, subscriber.id, subscriber.address_hash, expires)


def by_token(
    session: Session, signer: Signer, purpose: str, token: str, now: datetime
) -> Subscriber:
    """Whom a token speaks for. Raises BadToken or ExpiredToken."""
    subscriber = find(session, signer, purpose, token, now)
    if subscriber is None:
        raise BadToken("This link is for a subscription that no longer exists.")
    return subscriber


def find(
    session: Session, signer: Signer, purpose: str, token: str, now: datetime
) -> Subscriber | None:
    """The same; None if they were erased since. Raises BadToken or ExpiredToken."""
    value = shown(token)
    if len(value) != HASH_BYTES:
        return _by_number(session, signer.read(purpose, token, now))
    hashed = value.hex()
    subscriber = session.scalar(select(Subscriber).where(Subscriber.address_hash == hashed))
    if subscriber is not None:
        signer.open(_bound(purpose), token, now, bound=str(subscriber.id))
    elif not is_suppressed(session, hashed):
        raise BadToken("This link is for a subscription that no longer exists.")
    return subscriber


def _by_number(session: Session, number: str) -> Subscriber | None:
    subscriber = session.get(Subscriber, int(number))
    if subscriber is not None and subscriber.binds_links:
        raise BadToken("This link is for a subscription that no longer exists.")
    return subscriber


def _bound(purpose: str) -> str:
    return f"{purpose} by address"
