"""Header lines (RFC 5322) as bytes, encoded (RFC 2047) and folded by the rules.

The standard library's policies are not used to write a message: they fold a
long List-Unsubscribe into an encoded-word, which receivers refuse.
"""

import re
import unicodedata
from datetime import datetime
from email.header import Header
from email.utils import format_datetime

from newsletter.clock import aware
from newsletter.errors import Invalid

LINE = 76
LONGEST_LINE = 998  # RFC 5322 2.1.1, without its CRLF
CRLF = b"\r\n"
# Characters that end a line or can hide in one; unpaired surrogates have no encoding.
FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LONGEST_WORD = 60


def structured(name: str, value: str) -> bytes:
    """A line whose value has a grammar of its own and must stay in one piece.

    Raises Invalid if it is not printable ASCII or too long for one line.
    """
    line = f"{name}: {checked(name, value)}"
    if not line.isascii():
        raise Invalid(f"{name} must be plain ASCII.")
    if len(line) > LONGEST_LINE:
        raise Invalid(f"{name} is longer than a line of mail may be.")
    return line.encode() + CRLF


def unstructured(name: str, text: str) -> bytes:
    """A line of free text, such as Subject; runs of spaces become one. Raises Invalid."""
    return f"{name}: {_encoded(name, _spaced(checked(name, text)))}".encode() + CRLF


def mailbox(name: str, display: str | None, address: str) -> bytes:
    """The value of an address header, such as ``Ann Lee <ann@example.org>``.

    ``name`` is the header it is for. The address is written as it is, in UTF-8
    if it must be (RFC 6532). Raises Invalid.
    """
    words = _spaced(checked(name, display)) if display else ""
    if not words:
        return checked(name, address).encode()
    phrase = _phrase(name, words)
    room = LINE - len(f"{name}: ") if "\r\n" not in phrase else LINE
    fits = len(phrase.rpartition("\r\n")[2]) + len(address) + len(" <>") <= room
    return f"{phrase}{' ' if fits else CRLF.decode() + ' '}<{checked(name, address)}>".encode()


def list_id(title: str, identifier: str) -> bytes:
    """The List-Id line (RFC 2919): a phrase and the identifier that never changes.

    A title that only an encoded-word could say is left out: receivers refuse such in a
    List- header.
    """
    words = _spaced(checked("List-Id", title))
    phrase = _phrase("List-Id", words) if words else ""
    named = f"{phrase} <{identifier}>" if phrase and "=?" not in phrase else f"<{identifier}>"
    return structured("List-Id", named)


def date(moment: datetime) -> bytes:
    return structured("Date", format_datetime(aware(moment)))


def checked(name: str, value: str) -> str:
    """``value`` itself. Raises Invalid if it could begin another header or end them."""
    if value.isascii() and value.isprintable():
        return value
    if any(unicodedata.category(character) in FORBIDDEN for character in value):
        raise Invalid(f"{name} has a line break or a control character in it: take that out.")
    return value


def _phrase(name: str, words: str) -> str:
    if len(words) > LONGEST_WORD or not words.isascii() or "=?" in words:
        return _encoded_words(name, words)
    if ATOMS.fullmatch(words):
        return words
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _encoded(name: str, text: str) -> str:
    longest = max(map(len, text.split(" ")))
    if not text.isascii() or "=?" in text or longest > LONGEST_WORD:
        return _encoded_words(name, text)
    return Header(text, "us-ascii", maxlinelen=LINE, header_name=name).encode(linesep="\r\n")


def _encoded_words(name: str, text: str) -> str:
    return Header(text, "utf-8", maxlinelen=LINE, header_name=name).encode(linesep="\r\n")


def _spaced(text: str) -> str:
    return re.sub(" +", " ", text).strip(" ")
