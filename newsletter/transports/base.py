"""What every transport has in common: envelopes go in, outcomes come back.

A transport *carries*: it opens one connection, takes envelopes from a feed,
hands each to the other side and settles it. Two rules bind every transport:

- an envelope's outcome is settled, and the settling awaited, before the same
  connection ends its next message; so a crash can double at most one message
  a connection;
- every envelope taken is settled exactly once, however the connection ends.

And one more where handing over takes time: the feed is asked again at the last moment at which
a message can be kept back, since meanwhile another worker may have taken it over, or its reader
have left.
"""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from newsletter.errors import TransportError


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message to one address, ready for the wire."""

    key: tuple[str, int]  # the feed's name for it
    sender: str  # the address in MAIL FROM
    recipient: str  # the address in RCPT TO, its domain in ASCII
    message_id: str  # the same at every try
    segments: Sequence[bytes]  # of the content, which are shared by many where they can be
    international: bool = False  # the local part is not ASCII: needs SMTPUTF8 (RFC 6531)
    dotless: bool = False  # known to have no line that begins with a dot, and to end in CRLF

    @property
    def content(self) -> bytes:
        """The message by RFC 5322, with CRLF, as it was before any dot-stuffing."""
        return b"".join(self.segments)


class Verdict(StrEnum):
    """What became of one envelope."""

    SENT = "sent"  # the other side answers for it now
    UNKNOWN = "unknown"  # it may have been taken (RFC 1047)
    DEFERRED = "deferred"  # not now, for a reason of this recipient's
    FULL = "full"  # the mailbox is full: a soft bounce
    NO_SUCH_ADDRESS = "dead"  # there is no such address: never again
    REJECTED = "rejected"  # not this message to this recipient, for good
    REQUEUED = "requeued"  # nothing to do with the recipient: put back as it was
    THROTTLED = "throttled"  # we are too fast: put back, and wait
    BLOCKED = "blocked"  # a rule about *us*: put back, and pause the issue


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: Verdict
    reply: str = ""  # what the other side said, or how it failed to say anything
    retry_after: timedelta | None = None  # when it asks us to come again; None: it did not say


# Of a message that the feed does not let go any more.
KEPT_BACK = Outcome(Verdict.REQUEUED, "it was not to be sent any more, or by another worker")


class Feed(Protocol):
    """Where a connection gets its work, and to whom it reports."""

    async def take(self, wait: bool = True) -> Envelope | None:
        """The next envelope; None: there is none for this connection (with ``wait``
        false: none at this moment)."""

    async def may_end(self, envelope: Envelope) -> bool:
        """Whether an envelope that was taken may still be handed over for good."""

    def settle(self, envelope: Envelope, outcome: Outcome) -> Awaitable[object]:
        """Record an outcome. Await what is returned before ending the next message."""


class Transport(Protocol):
    """A way to hand messages on."""

    async def serve_connection(self, feed: Feed) -> None:
        """Serve one connection until the feed is empty or the connection ends.

        Raises Unavailable if no connection could be had; nothing is then taken.
        """

    def describe(self) -> str:
        """Where it leads, for people; holds no secret."""


class Unavailable(TransportError):
    """No connection could be opened; ``outcome`` says whose fault it was."""

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message)
        self.outcome = outcome
