"""What a curator does for one person who writes: send the confirmation again, confirm for them,
lift what keeps them from being mailed. Each is on the record, among the person's consents."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.audience import subscriptions
from newsletter.audience.suppression import address_hash, is_suppressed
from newsletter.email_address import Address, parse_address
from newsletter.errors import Conflict, NotFound
from newsletter.models.subscriber import Consent, Status, Subscriber, Suppression
from newsletter.tokens import Signer

FORM = "curator"  # of a consent: who entered it
SUPPRESSED = "This address is never mailed: lift that first, if its owner asks for it."


def by_number(session: Session, number: int) -> Subscriber:
    """Raises NotFound."""
    subscriber = session.get(Subscriber, number)
    if subscriber is None:
        raise NotFound("There is no such subscriber any more.")
    return subscriber


def by_address(session: Session, text: str) -> Subscriber:
    """Raises NotFound or InvalidAddress."""
    subscriber = subscriptions.find(session, parse_address(text))
    if subscriber is None:
        raise NotFound(f"There is no subscriber {text}.")
    return subscriber


def send_again(session: Session, subscriber: Subscriber, now: datetime) -> None:
    """Owe a person the confirmation once more, however often it was asked for. Raises Conflict."""
    _refuse(session, subscriber)
    subscriptions.ask_to_confirm(session, subscriber, now)


def confirm(session: Session, subscriber: Subscriber, by: str, now: datetime) -> None:
    """Make a person active who has told ``by`` that they want it. Raises Conflict."""
    _refuse(session, subscriber)
    _note(session, subscriber, f"Confirmed by {by}, whom they asked.", now)
    subscriber.confirmation_at = now
    subscriptions.confirm(subscriber, now)


def lift(session: Session, signer: Signer, address: Address, by: str, now: datetime) -> None:
    """Let an address be mailed again that never was to be, once its owner has confirmed anew.
    Raises NotFound."""
    hashed = address_hash(signer, address)
    suppression = session.scalar(select(Suppression).where(Suppression.address_hash == hashed))
    if suppression is None:
        raise NotFound("Nothing keeps this address from being mailed.")
    session.execute(delete(Suppression).where(Suppression.id == suppression.id))
    subscriber = subscriptions.find(session, address)
    if subscriber is None:
        return
    subscriber.confirmations, subscriber.confirmation_at = 0, None
    what = f"{suppression.reason.value} of {suppression.at.date()}"
    _note(session, subscriber, f"The {what} was lifted by {by}, whom they asked.", now)


def _refuse(session: Session, subscriber: Subscriber) -> None:
    if subscriber.status is Status.ACTIVE:
        raise Conflict("This person has confirmed already.")
    if is_suppressed(session, subscriber.address_hash):
        raise Conflict(SUPPRESSED)


def _note(session: Session, subscriber: Subscriber, wording: str, now: datetime) -> None:
    session.add(Consent(subscriber_id=subscriber.id, at=now, form=FORM, wording=wording))
