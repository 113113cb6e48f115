"""A composed message taken apart, for the providers that take no raw MIME.

They set Date, MIME-Version, the boundaries and the return path themselves,
and deliver to the address of the envelope; the rest is kept: From, Subject,
both texts, the inline images with their content ids, and the headers below.
"""

import base64
from dataclasses import dataclass
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser

from newsletter.transports.base import Envelope

KEPT = (
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
    "Precedence",
    "Auto-Submitted",
)


@dataclass(frozen=True, slots=True)
class InlineFile:
    """A file that the HTML shows by ``cid:``."""

    name: str
    content_type: str
    cid: str  # without the angle brackets
    base64: str


@dataclass(frozen=True, slots=True)
class Parts:
    sender: Address
    subject: str
    text: str
    html: str  # empty: there is none
    files: list[InlineFile]
    headers: dict[str, str]  # those of KEPT that there are, unfolded, as they were encoded

    @property
    def is_bulk(self) -> bool:
        """Whether it goes to a list (RFC 2369), rather than to one person who asked for it."""
        return "List-Unsubscribe" in self.headers


def take_apart(envelope: Envelope) -> Parts:
    """The parts of the message in ``envelope``."""
    message = BytesParser(EmailMessage, policy=policy.SMTP).parsebytes(envelope.content)
    bodies = {"text/plain": "", "text/html": ""}
    files = []
    for part in message.walk():
        content_type = part.get_content_type()
        if content_type in bodies:
            bodies[content_type] = part.get_content().replace("\r\n", "\n")
        elif not part.is_multipart():
            files.append(_file(part))
    wire = {name.lower(): "".join(str(v).splitlines()) for name, v in message.raw_items()}
    senders = message["From"].addresses if message["From"] else ()
    return Parts(
        sender=senders[0] if senders else Address(addr_spec=envelope.sender),
        subject=str(message["Subject"] or ""),
        text=bodies["text/plain"],
        html=bodies["text/html"],
        files=files,
        headers={name: wire[name.lower()] for name in KEPT if name.lower() in wire},
    )


def _file(part: EmailMessage) -> InlineFile:
    content = part.get_payload(decode=True)
    return InlineFile(
        name=part.get_filename("file"),
        content_type=part.get_content_type(),
        cid=part.get("Content-ID", "").strip("<> "),
        base64=base64.b64encode(content if isinstance(content, bytes) else b"").decode(),
    )
