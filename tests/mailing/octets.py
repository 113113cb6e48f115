"""A second opinion on the messages that we write: a reader of octets, strict, that shares
nothing with the email package.

It refuses whatever a receiver may stumble over: RFC 5322 (lines, header fields),
RFC 2047 (encoded-words), RFC 2045 and 2046 (quoted-printable, base64, multipart).
"""

import base64
import re
from dataclasses import dataclass, field

LONGEST_LINE = 998
ENCODED_LINE = 76  # of quoted-printable, base64, and a line with an encoded-word
LONGEST_WORD = 75
FIELD = re.compile(rb"([!-9;-~]+): ((?:[^\r\n]*)(?:\r\n [^\r\n]*)*)\r\n")
ENCODED_WORD = re.compile(r"=\?utf-8\?([bq])\?([!->@-~]+)\?=")
ADDRESS = re.compile(r"(?:(?P<phrase>.+) )?(?P<open><)?(?P<address>[^\s<>]+@[^\s<>]+)(?(open)>)")
ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
QUOTED_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
BOUNDARY = re.compile(r'multipart/\w+;.*boundary="([^"]{1,70})"')
IN_PHRASE = re.compile(r"[A-Za-z0-9!*+/=_-]+")  # of the q encoding, RFC 2047 5 (3)


class Malformed(Exception):
    """What is wrong with the octets."""


@dataclass(frozen=True, slots=True)
class Part:
    """A message or a part of one: unfolded header fields, and a body or parts."""

    fields: list[tuple[str, str]]
    body: bytes = b""
    parts: list["Part"] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        """The one field of that name."""
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        if len(values) != 1:
            raise Malformed(f"{len(values)} fields {name}")
        return values[0]

    def leaves(self) -> list["Part"]:
        return [leaf for part in self.parts for leaf in part.leaves()] or [self]

    def decoded(self) -> bytes:
        """The body as it was before its transfer encoding."""
        match self["Content-Transfer-Encoding"]:
            case "quoted-printable":
                return _quoted_printable(self.body)
            case "base64":
                return _base64(self.body)
            case other:
                raise Malformed(f"transfer encoding {other}")


def read(message: bytes, international: bool = False) -> Part:
    """Take a message apart. ``international``: its To may be in UTF-8 (RFC 6532)."""
    lines = message.split(b"\r\n")
    if lines.pop() != b"":
        raise Malformed("the last line has no end")
    for line in lines:
        if b"\n" in line or b"\r" in line or b"\0" in line:
            raise Malformed("a bare CR, LF or NUL")
        if len(line) > LONGEST_LINE:
            raise Malformed(f"a line of {len(line)} octets")
        if line.startswith((b".", b"From ")):
            raise Malformed("a line that a relay would change")
    part = _part(message)
    for name, value in part.fields:
        if not value.isascii() and not (international and name == "To"):
            raise Malformed(f"an octet beyond ASCII in {name}")
    if not message.partition(b"\r\n\r\n")[2].isascii():
        raise Malformed("an octet beyond ASCII in the body")
    return part


def unstructured(value: str) -> str:
    """A field of free text, its encoded-words read."""
    pieces: list[str] = []
    after_word = False
    for token in re.findall(r" +|[^ ]+", value):
        word = _encoded_word(token)
        if word is not None and after_word:
            pieces.pop()  # RFC 2047 6.2: the space between two of them says nothing
        pieces.append(token if word is None else word)
        after_word = word is not None or (after_word and token.startswith(" "))
    return "".join(pieces)


def mailbox(value: str) -> tuple[str, str]:
    """The name and the address of a field that has one address."""
    match = ADDRESS.fullmatch(value)
    if match is None or (bool(match["phrase"]) and not match["open"]):
        raise Malformed(f"no mailbox: {value}")
    return _phrase(match["phrase"] or ""), match["address"]


def _part(octets: bytes) -> Part:
    fields, at = [], 0
    while match := FIELD.match(octets, at):
        name, value = match[1].decode(), match[2].decode()
        first, *folded = match[0].decode().removesuffix("\r\n").split("\r\n")
        if any(not line.strip() for line in folded):
            raise Malformed(f"an empty line in {name}")
        if any("=?" in line and len(line) > ENCODED_LINE for line in (first, *folded)):
            raise Malformed(f"a long line with an encoded-word in {name}")
        fields.append((name, value.replace("\r\n", "")))
        at = match.end()
    if octets[at : at + 2] != b"\r\n":
        raise Malformed(f"no header field: {octets[at : at + 60]!r}")
    part = Part(fields, octets[at + 2 :])
    boundary = BOUNDARY.fullmatch(part["Content-Type"])
    return Part(fields, parts=_parts(part.body, boundary[1].encode())) if boundary else part


def _parts(body: bytes, boundary: bytes) -> list[Part]:
    """RFC 2046 5.1.1: nothing before the first delimiter and nothing after the last."""
    before, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if before.strip() or not parts or parts.pop() != b"--\r\n":
        raise Malformed("a multipart without a proper beginning or end")
    if any(not part.startswith(b"\r\n") for part in parts):
        raise Malformed("a delimiter in the middle of a line")
    return [_part(part[2:]) for part in parts]


def _phrase(phrase: str) -> str:
    if quoted := QUOTED_STRING.fullmatch(phrase):
        return re.sub(r"\\(.)", r"\1", quoted[1])
    words = phrase.split()
    for word in words:
        match = ENCODED_WORD.fullmatch(word)
        if match and match[1] == "q" and not IN_PHRASE.fullmatch(match[2]):
            raise Malformed(f"an encoded-word that a phrase may not have: {word}")
        if not match and not ATOM.fullmatch(word):
            raise Malformed(f"no atom: {word}")
    return unstructured(phrase)


def _encoded_word(token: str) -> str | None:
    """The text of an encoded-word, which holds whole characters; None: it is none."""
    match = ENCODED_WORD.fullmatch(token)
    if match is None:
        if "=?" in token:
            raise Malformed(f"it looks like an encoded-word: {token}")
        return None
    if len(token) > LONGEST_WORD:
        raise Malformed("an encoded-word that is too long")
    if match[1] == "b":
        return base64.b64decode(match[2], validate=True).decode()
    return _escapes(match[2].replace("_", "=20").encode()).decode()


def _quoted_printable(body: bytes) -> bytes:
    lines = body.split(b"\r\n")
    for line in lines:
        if len(line) > ENCODED_LINE:
            raise Malformed(f"a quoted-printable line of {len(line)} octets")
        if not re.fullmatch(rb"(?:[\t -<>-~]|=[0-9A-F]{2})*=?", line) or line[-1:] in (b" ", b"\t"):
            raise Malformed(f"no quoted-printable: {line!r}")
    return _escapes(body.replace(b"=\r\n", b""))


def _escapes(octets: bytes) -> bytes:
    return re.sub(rb"=([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), octets)


def _base64(body: bytes) -> bytes:
    lines = body.removesuffix(b"\r\n").split(b"\r\n")
    if max(map(len, lines)) > ENCODED_LINE:
        raise Malformed("a long line of base64")
    return base64.b64decode(b"".join(lines), validate=True)
