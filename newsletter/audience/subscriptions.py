"""Coming, choosing and leaving: the life of a subscription.

Confirmed opt-in always. What the form answers never depends on whether an
address is known, so ``subscribe`` returns nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.audience import confirmation_limits, links
from newsletter.audience.suppression import address_hash, is_suppressed
from newsletter.email_address import (
    Address,
    address_key,
    mailbox_key,
    parse_address,
)
from newsletter.errors import ExpiredToken, Invalid
from newsletter.models.delivery import Delivery, DeliveryState, Notice, NoticeKind
from newsletter.models.subscriber import Cadence, Consent, Status, Subscriber
from newsletter.tokens import Signer

IP_KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """How somebody agreed: on which form, to which wording, from where."""

    form: str
    wording: str
    ip: str | None = None


def subscribe(
    session: Session, signer: Signer, text: str, given: ConsentGiven, now: datetime
) -> None:
    """Ask the owner of an address to confirm, where that is due.

    Not more often than ``confirmation_limits`` says, and never to an active or a
    suppressed address. Raises InvalidAddress.
    """
    subscriber = _known(session, signer, parse_address(text), now)
    if subscriber.status is Status.ACTIVE or is_suppressed(session, subscriber.address_hash):
        return
    if not confirmation_limits.is_too_often(session, subscriber, now):
        subscriber.consents.append(_consent(signer, given, now))
        ask_to_confirm(session, subscriber, now)


def ask_to_confirm(session: Session, subscriber: Subscriber, now: datetime) -> None:
    """Owe a person the mail with the link that confirms."""
    subscriber.confirmations += 1
    subscriber.confirmation_at = now
    session.add(
        Notice(
            kind=NoticeKind.CONFIRMATION,
            address=subscriber.address,
            subscriber_id=subscriber.id,
            created_at=now,
            not_before=now,
        )
    )


def find(session: Session, address: Address) -> Subscriber | None:
    return session.scalar(select(Subscriber).where(Subscriber.address_key == address_key(address)))


def add(session: Session, signer: Signer, address: Address, now: datetime) -> Subscriber:
    """A new pending subscriber. The address must not be known yet."""
    subscriber = Subscriber(
        address=str(address),
        address_key=address_key(address),
        address_hash=address_hash(signer, address),
        mailbox=mailbox_key(address),
        created_at=now,
    )
    session.add(subscriber)
    session.flush()
    return subscriber


def confirm(subscriber: Subscriber, now: datetime) -> None:
    """Make a subscription active. Doing it twice is the same as doing it once.

    Raises ExpiredToken for a person who left and has not asked to come back since:
    the link of their first time must not undo their leaving.
    """
    if subscriber.status is Status.ACTIVE:
        return
    asked_at, left = subscriber.confirmation_at, subscriber.left_at
    if left is not None and (asked_at is None or asked_at < left):
        raise ExpiredToken("This link is from before you left. Ask for a new one.")
    subscriber.status = Status.ACTIVE
    subscriber.confirmed_at = now
    subscriber.left_at = None
    subscriber.confirmations = 0


def choose(subscriber: Subscriber, cadence: str, timezone: str) -> None:
    """Set the preferences; an empty time zone means the list's. Raises Invalid."""
    wrong = {}
    if cadence not in set(Cadence):
        wrong["cadence"] = "Choose Mondays only, or every day with a post."
    if timezone and timezone not in available_timezones():
        wrong["timezone"] = "Choose a time zone of the list, such as Europe/Lisbon."
    if wrong:
        raise Invalid("Your preferences were not saved.", wrong)
    subscriber.cadence = Cadence(cadence)
    subscriber.timezone = timezone or None


def leave(session: Session, subscriber: Subscriber, now: datetime) -> None:
    """Unsubscribe at once, also from what is being sent now. Safe to repeat."""
    depart(session, subscriber, Status.UNSUBSCRIBED, now)


def leave_by_token(
    session: Session, signer: Signer, token: str, now: datetime
) -> Subscriber | None:
    """Unsubscribe whom the token speaks for; None if they were erased meanwhile and have
    nothing left to leave. Raises BadToken."""
    subscriber = links.find(session, signer, links.UNSUBSCRIBE, token, now)
    if subscriber is not None:
        leave(session, subscriber, now)
    return subscriber


def depart(session: Session, subscriber: Subscriber, status: Status, now: datetime) -> None:
    """Give a subscription a status that ends it, and take it out of every open issue."""
    if subscriber.status in (Status.ACTIVE, Status.PENDING):
        if subscriber.status is Status.ACTIVE:  # who had confirmed may come back at once
            subscriber.confirmation_at = None
        subscriber.status = status
        subscriber.left_at = now
    still_owed = update(Delivery).where(
        Delivery.subscriber_id == subscriber.id, Delivery.lease_until.is_(None)
    )
    session.execute(
        still_owed.where(Delivery.state == DeliveryState.PENDING).values(
            state=DeliveryState.EXCLUDED, not_before=None, reason=status.value, settled_at=now
        )
    )
    session.execute(
        still_owed.where(Delivery.state == DeliveryState.UNKNOWN).values(not_before=None)
    )


def _known(session: Session, signer: Signer, address: Address, now: datetime) -> Subscriber:
    """The subscriber of an address, new if need be, locked: of two forms sent at once
    the second must see what the first has done."""
    locked = select(Subscriber).where(Subscriber.address_key == address_key(address))
    subscriber = session.scalar(locked.with_for_update())
    if subscriber is None:
        try:
            with session.begin_nested():
                return add(session, signer, address, now)
        except IntegrityError:  # added by somebody else meanwhile
            subscriber = session.scalars(locked.with_for_update()).one()
    subscriber.mailbox = mailbox_key(subscriber.address)
    return subscriber


def _consent(signer: Signer, given: ConsentGiven, now: datetime) -> Consent:
    return Consent(
        at=now,
        form=given.form,
        wording=given.wording,
        ip_hash=signer.fingerprint("ip", given.ip) if given.ip else None,
        ip_expires_at=now + IP_KEPT_FOR if given.ip else None,
    )
