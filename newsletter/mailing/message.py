"""A mail's bytes, made once, with placeholders: each recipient then costs one join.

    RenderedMail + Headers -> freeze() -> FrozenMessage -> fill(recipient) -> bytes

The result is RFC 5322 with CRLF, 7-bit (but for a To that needs SMTPUTF8):
multipart/alternative of the text, complete, and the HTML with its images.
No line begins with a dot, so the bytes are dot-stuffed already.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes
from email.utils import parseaddr

from newsletter.email_address import parse_address
from newsletter.errors import Invalid
from newsletter.mailing import headers as lines
from newsletter.mailing.content import InlineImage, name_of
from newsletter.mailing.frozen import TOKEN_LENGTH, FrozenMessage, Recipient, Slot
from newsletter.mailing.placeholders import Placeholder
from newsletter.mailing.quoted_printable import SOFT_BREAK, quoted_printable
from newsletter.mailing.render import RenderedMail
from newsletter.settings import Settings

CRLF = b"\r\n"
# "=_" cannot occur in quoted-printable or base64, so these are no text's lines.
ALTERNATIVE = "=_alternative"
RELATED = "=_related"
LIST = "datasets"  # the first label of the List-Id, the same for ever
MARKS = re.compile("([" + "".join(placeholder.value for placeholder in Placeholder) + "])")
BODY_SLOTS = {
    Placeholder.UNSUBSCRIBE: Slot.UNSUBSCRIBE_BODY,
    Placeholder.PREFERENCES: Slot.PREFERENCES_BODY,
}


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the headers of an issue say about the list (RFC 2369, 2919, 8058)."""

    title: str
    list_id: str
    unsubscribe_url: str  # up to the token
    feedback_id: str  # issue:kind:list:sender, nothing personal


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers that are the same for every recipient."""

    sender: str  # "Name <address>" or an address
    title: str  # the sender's name where ``sender`` has none
    sent_at: datetime
    subscription: Subscription | None  # None: a notice, which nobody subscribed to

    @classmethod
    def of_issue(cls, settings: Settings, kind: str, day: date, now: datetime) -> "Headers":
        sender = re.sub("[^a-z0-9]", "", parseaddr(settings.mail_from)[1].partition("@")[2].lower())
        subscription = Subscription(
            title=settings.title,
            list_id=f"{LIST}.{settings.host}",
            unsubscribe_url=f"{settings.base_url}/unsubscribe/",
            # Gmail wants 5 to 15 characters that tell the sender.
            feedback_id=f"{day.isoformat()}:{kind}:{LIST}:{sender[:15].ljust(5, '0')}",
        )
        return cls(settings.mail_from, settings.title, now, subscription)

    @classmethod
    def of_notice(cls, settings: Settings, now: datetime) -> "Headers":
        return cls(settings.mail_from, settings.title, now, None)


def freeze(mail: RenderedMail, headers: Headers) -> FrozenMessage:
    """Encode a rendered mail once for all its recipients.

    Raises Invalid if a header's value is refused, or if an issue lacks the
    unsubscribe link in its text or its HTML.
    """
    if headers.subscription and not all(
        Placeholder.UNSUBSCRIBE.value in body for body in (mail.text, mail.html)
    ):
        raise Invalid("An issue needs the unsubscribe link in its text and in its HTML.")
    parts, slots = [b""], []
    for piece in [*_head(mail.subject, headers), *_body(mail)]:
        if isinstance(piece, Slot):
            slots.append(piece)
            parts.append(b"")
        else:
            parts[-1] += piece
    return FrozenMessage(tuple(parts), tuple(slots))


def build(mail: RenderedMail, headers: Headers, recipient: Recipient) -> bytes:
    """One message to one recipient, by the same way. Raises Invalid."""
    return freeze(mail, headers).fill(recipient)


def image_of(message: FrozenMessage, name: str) -> bytes | None:
    """The PNG of that name (see ``InlineImage.name``) in a frozen message; None: it has none."""
    for part in message_from_bytes(b"".join(message.parts)).walk():
        cid = str(part["Content-ID"] or "").strip("<>")
        if part.get_content_type() == "image/png" and name_of(cid) == name:
            return bytes(part.get_payload(decode=True))
    return None


def _head(subject: str, headers: Headers) -> Iterator[bytes | Slot]:
    name, address = parseaddr(lines.checked("From", headers.sender))
    address = address if address.isascii() else str(parse_address(address))
    yield b"From: " + lines.mailbox("From", name or headers.title, address) + CRLF
    yield b"To: "
    yield Slot.TO
    yield CRLF + lines.unstructured("Subject", subject) + lines.date(headers.sent_at)
    yield b"Message-ID: "
    yield Slot.MESSAGE_ID
    yield CRLF
    if headers.subscription:
        yield from _subscription(headers.subscription)
    else:
        yield lines.structured("Auto-Submitted", "auto-generated")
    yield lines.structured("MIME-Version", "1.0")


def _subscription(subscription: Subscription) -> Iterator[bytes | Slot]:
    yield lines.list_id(subscription.title, subscription.list_id)
    # In one piece on one line, which leaves room for the longest token.
    room = " " * (TOKEN_LENGTH + len(">"))
    opening = lines.structured("List-Unsubscribe", f"<{subscription.unsubscribe_url}{room}")
    yield opening.rstrip()
    yield Slot.UNSUBSCRIBE_HEADER
    yield b">" + CRLF
    yield lines.structured("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    yield lines.structured("Feedback-ID", subscription.feedback_id)
    yield lines.structured("Precedence", "bulk")


def _body(mail: RenderedMail) -> Iterator[bytes | Slot]:
    yield lines.structured("Content-Type", f'multipart/alternative; boundary="{ALTERNATIVE}"')
    yield from _opening(ALTERNATIVE)
    yield from _text("plain", mail.text)
    yield from _opening(ALTERNATIVE)
    if mail.images:
        content_type = f'multipart/related; type="text/html"; boundary="{RELATED}"'
        yield lines.structured("Content-Type", content_type)
        yield from _opening(RELATED)
    yield from _text("html", mail.html)
    for image in mail.images:
        yield from _opening(RELATED)
        yield _image(image)
    if mail.images:
        yield f"\r\n--{RELATED}--\r\n".encode()
    yield f"\r\n--{ALTERNATIVE}--\r\n".encode()


def _opening(boundary: str) -> Iterator[bytes]:
    yield f"\r\n--{boundary}\r\n".encode()


def _text(subtype: str, text: str) -> Iterator[bytes | Slot]:
    yield lines.structured("Content-Type", f'text/{subtype}; charset="utf-8"')
    yield lines.structured("Content-Transfer-Encoding", "quoted-printable") + CRLF
    first, *rest = MARKS.split(text)
    yield quoted_printable(first)
    for mark, following in zip(rest[::2], rest[1::2], strict=True):
        yield SOFT_BREAK  # on each side: a placeholder has its lines to itself
        yield BODY_SLOTS[Placeholder(mark)]
        yield SOFT_BREAK
        yield quoted_printable(following)


def _image(image: InlineImage) -> bytes:
    filename = image.cid.partition("@")[0] + ".png"
    return (
        lines.structured("Content-Type", "image/png")
        + lines.structured("Content-Transfer-Encoding", "base64")
        + lines.structured("Content-ID", f"<{image.cid}>")
        + lines.structured("Content-Disposition", f'inline; filename="{filename}"')
        + CRLF
        + base64.encodebytes(image.png).replace(b"\n", CRLF)
    )
