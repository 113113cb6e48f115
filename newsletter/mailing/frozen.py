"""A message with placeholders: parts that every recipient gets, and slots between them.

Filling it is one join, so that a sender makes ten thousand a second.
"""

import re
import struct
from dataclasses import dataclass, field
from enum import IntEnum

from newsletter.email_address import Address
from newsletter.errors import Invalid
from newsletter.mailing.headers import mailbox
from newsletter.mailing.quoted_printable import quoted_printable

MAGIC = b"mail\x01"  # the last octet is the format's version
TOKEN_LENGTH = 300
TOKEN = re.compile(rf"[A-Za-z0-9._~=-]{{1,{TOKEN_LENGTH}}}")
SHORT_TOKEN = re.compile(r"[A-Za-z0-9_~-]{1,75}")  # the same in quoted-printable
MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,120}@[!-;=?A-~]{1,120}>")


class Slot(IntEnum):
    """What goes into a placeholder. The numbers are stored: they never change."""

    TO = 0
    MESSAGE_ID = 1
    UNSUBSCRIBE_HEADER = 2
    UNSUBSCRIBE_BODY = 3
    PREFERENCES_BODY = 4


@dataclass(frozen=True, slots=True)
class Recipient:
    """What differs from one message to the next. Tokens: empty where a mail has no placeholder."""

    address: Address
    name: str | None
    message_id: str  # with its angle brackets
    unsubscribe_token: str = ""
    preferences_token: str = ""


@dataclass(frozen=True, slots=True)
class FrozenMessage:
    """``parts[0] slot[0] parts[1] slot[1] ... parts[n]``."""

    parts: tuple[bytes, ...]
    slots: tuple[Slot, ...]
    _pattern: list[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.parts) != len(self.slots) + 1:
            raise ValueError("a frozen message has one part more than slots")
        pattern = [b""] * (len(self.parts) + len(self.slots))
        pattern[::2] = self.parts
        object.__setattr__(self, "_pattern", pattern)

    def fill(self, recipient: Recipient) -> bytes:
        """The message to ``recipient``, ready for the wire but for the final dot.

        Raises Invalid for a recipient that no proper message can be made for.
        """
        return b"".join(self.segments(recipient))

    def segments(self, recipient: Recipient) -> list[bytes]:
        """What ``fill`` joins: the parts themselves, and what is in the placeholders."""
        values = _values(recipient)
        segments = self._pattern.copy()
        segments[1::2] = [values[slot] for slot in self.slots]
        if b"" in segments[1::2]:
            raise Invalid("This message needs an unsubscribe and a preferences token.")
        return segments

    def to_bytes(self) -> bytes:
        """For storage: MAGIC, the number of slots, one octet a slot, then each part
        after its length (32 bits, big-endian)."""
        slots = struct.pack(f">H{len(self.slots)}B", len(self.slots), *self.slots)
        return MAGIC + slots + b"".join(struct.pack(">I", len(p)) + p for p in self.parts)

    @classmethod
    def from_bytes(cls, stored: bytes) -> "FrozenMessage":
        """Read what ``to_bytes`` wrote. Raises ValueError for anything else."""
        try:
            return cls(*_read(stored))
        except (struct.error, ValueError) as error:
            raise ValueError(f"not a frozen message of version {MAGIC[-1]}") from error


def _values(recipient: Recipient) -> tuple[bytes, ...]:
    """By Slot, what goes into it; empty for a token that was not given."""
    if not MESSAGE_ID.fullmatch(recipient.message_id):
        raise Invalid("The Message-ID must look like <unique@host>.")
    to = mailbox("To", recipient.name, str(recipient.address))
    unsubscribe, preferences = recipient.unsubscribe_token, recipient.preferences_token
    return (
        to,
        recipient.message_id.encode(),
        unsubscribe.encode(),
        _token_in_body(unsubscribe),
        _token_in_body(preferences),
    )


def _token_in_body(token: str) -> bytes:
    if SHORT_TOKEN.fullmatch(token):
        return token.encode()
    if token and not TOKEN.fullmatch(token):
        raise Invalid("A token has characters that do not belong in a link.")
    return quoted_printable(token)


def _read(stored: bytes) -> tuple[tuple[bytes, ...], tuple[Slot, ...]]:
    if not stored.startswith(MAGIC):
        raise ValueError("it begins otherwise")
    at = len(MAGIC)
    (count,) = struct.unpack_from(">H", stored, at)
    slots = tuple(map(Slot, struct.unpack_from(f">{count}B", stored, at + 2)))
    at += 2 + count
    parts = []
    for _ in range(count + 1):
        (length,) = struct.unpack_from(">I", stored, at)
        parts.append(stored[at + 4 : at + 4 + length])
        at += 4 + length
    if at != len(stored):
        raise ValueError("its length is another")
    return tuple(parts), slots
