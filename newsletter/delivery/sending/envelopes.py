"""From a claimed row to an envelope: the frozen message with its placeholders filled.

A row that cannot be made into a message concerns that row alone: it gets an
outcome, never an exception that would stop the others.
"""

from datetime import datetime
from email.utils import parseaddr

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.audience import links
from newsletter.audience.suppression import address_hash
from newsletter.delivery.queue.leases import LEASE
from newsletter.delivery.queue.ledger import ClaimedDelivery
from newsletter.email_address import Address, parse_address
from newsletter.issues.notices import render_notice
from newsletter.mailing.frozen import FrozenMessage, Recipient
from newsletter.mailing.message import Headers, build
from newsletter.models.delivery import Notice
from newsletter.models.issue import Issue, IssueVariant
from newsletter.settings import Settings
from newsletter.storage import Storage
from newsletter.tokens import Signer
from newsletter.transports.base import Envelope

MessageKey = tuple[int, int]  # an issue's id, and the variant: see Delivery.variant


class Envelopes:
    """Fills messages for one list. Frozen messages are read once each."""

    def __init__(self, settings: Settings, storage: Storage, signer: Signer) -> None:
        self._settings = settings
        self._storage = storage
        self._signer = signer
        self._sender = parseaddr(settings.mail_from)[1]
        self._host = settings.host
        self._frozen: dict[MessageKey, FrozenMessage] = {}

    def knows(self, claimed: ClaimedDelivery) -> bool:
        """Whether the frozen message of a delivery was read before."""
        return (claimed.issue_id, claimed.variant) in self._frozen

    def read(self, session: Session, claimed: ClaimedDelivery, now: datetime) -> None:
        """Read the frozen message of a delivery, for all that have the same."""
        self._forget_closed(session, now)
        message = _message(session, claimed.issue_id, claimed.variant)
        self._frozen[claimed.issue_id, claimed.variant] = FrozenMessage.from_bytes(message)

    def for_delivery(self, claimed: ClaimedDelivery) -> Envelope:
        """The issue, to one subscriber; its frozen message was read. Raises InvalidAddress."""
        address = parse_address(claimed.address)
        message_id = self.message_id("delivery", claimed.id)
        number, hashed = claimed.subscriber_id, address_hash(self._signer, address)
        recipient = Recipient(
            address=address,
            name=claimed.name,
            message_id=message_id,
            unsubscribe_token=links.token(self._signer, links.UNSUBSCRIBE, number, hashed),
            preferences_token=links.token(self._signer, links.PREFERENCES, number, hashed),
        )
        return Envelope(
            key=("delivery", claimed.id),
            sender=self._sender,
            recipient=str(address),
            message_id=message_id,
            segments=self._frozen[claimed.issue_id, claimed.variant].segments(recipient),
            international=address.needs_smtputf8,
            # By mailing.quoted_printable; looking for dots would cost more than the rest.
            dotless=True,
        )

    def for_notice(self, session: Session, notice: Notice, now: datetime) -> Envelope:
        """A notice, to the one person it is for. Raises Refused."""
        address = parse_address(notice.address)
        message_id = self.message_id("notice", notice.id)
        rendered = render_notice(session, notice, self._settings, self._storage, self._signer, now)
        headers = Headers.of_notice(self._settings, now)
        return Envelope(
            key=("notice", notice.id),
            sender=self._sender,
            recipient=str(address),
            message_id=message_id,
            segments=[build(rendered, headers, _stranger(address, message_id))],
            international=address.needs_smtputf8,
        )

    def message_id(self, kind: str, number: int) -> str:
        """The same for each try, unique to the row, and telling nobody anything."""
        return f"<{self._signer.fingerprint(f'message-id {kind}', str(number))}@{self._host}>"

    def _forget_closed(self, session: Session, now: datetime) -> None:
        """Keep no message of an issue of which nothing can be claimed any more."""
        known = {issue_id for issue_id, _ in self._frozen}
        closed = select(Issue.id).where(Issue.id.in_(known), Issue.closed_at < now - LEASE)
        gone = set(session.scalars(closed))
        self._frozen = {key: message for key, message in self._frozen.items() if key[0] not in gone}


def _message(session: Session, issue_id: int, variant: int) -> bytes:
    """The frozen message of an issue for readers of a variant."""
    if variant:
        return session.get_one(IssueVariant, (issue_id, variant)).message
    message = session.get_one(Issue, issue_id).message
    if message is None:
        raise ValueError(f"issue {issue_id} is being sent without a frozen message")
    return message


def _stranger(address: Address, message_id: str) -> Recipient:
    """Somebody whose links lead nowhere."""
    return Recipient(address, None, message_id, "preview", "preview")
