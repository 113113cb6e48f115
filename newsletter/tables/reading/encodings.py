"""How the bytes of a text file are to be read as characters."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.accents import BROKEN_WORD, encoding_of_accents
from newsletter.tables.reading.doubts import Doubt
from newsletter.tables.reading.file_kinds import readable_kinds

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch, CharsetMatches

CHUNK = 1024 * 1024
SAMPLE = 64 * 1024
# The longest first: a UTF-32 mark begins with a UTF-16 one.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ASCII = bytes(range(128))
ESCAPED = re.compile("[\udc80-\udcff]")
# Controls, half characters, private ones and those that stand for none.
NOT_IN_TEXT = re.compile("[\0-\x08\x0e-\x1d\ud800-\udfff\ue000-\uf8ff\ufffd-\uffff]")
ENOUGH_UTF8 = 4  # so many good UTF-8 characters to each bad byte: it is UTF-8 with damage
# What Western text has not: two accented letters in a row (other scripts have little
# else), or letters where only Mac OS and DOS have them.
NOT_WESTERN = re.compile(rb"[\x80-\xff]{2}|[\x81-\x84\x86-\x90\x98\x9a-\x9f]")
CONTROLS = bytes({*range(0x20)} - {0x09, 0x0A, 0x0C, 0x0D, 0x1E, 0x1F, 0x01})
FEW_CONTROLS = 0.01  # of a text's bytes may be control characters, which reject their rows
WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
# Guesses are made among these; anything else must be stated.
PLAUSIBLE = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("iso8859_2", "koi8_r", "mac_roman", "cp437", "cp850"),
    *("shift_jis", "euc_jp", "euc_kr", "gb18030", "big5"),
]


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec's name as Python knows it, and whether some bytes may not decode."""

    name: str
    has_bad_bytes: bool = False
    note: str | None = None


def find_encoding(path: Path, stated: str | None) -> Encoding:
    """The encoding of the text file at ``path``; ``stated`` is taken at its word.

    Raises UnreadableTable if the bytes are not text or no codec has that name.
    """
    if stated is not None:
        return Encoding(_known(stated), has_bad_bytes=True)
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    for mark, name in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return Encoding(name, has_bad_bytes=name == "utf-8-sig")
    if b"\0" in head and (wide := _wide(head)):
        return Encoding(wide)
    good, bad = _count_utf8(path)
    if bad == 0:
        return Encoding("utf-8")
    if good >= ENOUGH_UTF8 * bad:
        return Encoding("utf-8", has_bad_bytes=True)
    return _guess(path)


def _known(stated: str) -> str:
    try:
        codec = codecs.lookup(stated)
        "a".encode(stated)  # refuses codecs that are not for text
    except (LookupError, ValueError) as error:
        raise UnreadableTable(f"There is no encoding called {stated!r}: try utf-8.") from error
    return "utf-8-sig" if codec.name == "utf-8" else codec.name


def _wide(head: bytes) -> str | None:
    """UTF-32 or UTF-16 without a mark, under which the text has lines and nothing odd.

    None for a text of single bytes with a NUL here and there; UnreadableTable for no text.
    """
    for name in WIDE:
        text = head[: len(head) // 4 * 4].decode(name, "replace")
        if re.search(r"[\r\n]", text) and not NOT_IN_TEXT.search(text[:-1]):
            return name
    if len(head) - len(head.translate(None, CONTROLS)) > 8 + len(head) * FEW_CONTROLS:
        raise UnreadableTable(f"This is not a text file: give {readable_kinds()}.")
    return None


def _count_utf8(path: Path) -> tuple[int, int]:
    """How many characters beyond ASCII decode as UTF-8, and how many bytes do not."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            text = decoder.decode(chunk, final=not chunk)
            if not text.isascii():
                escaped = len(ESCAPED.findall(text))
                bad += escaped
                good += sum(character > "\x7f" for character in text) - escaped
            if not chunk:
                return good, bad


def _guess(path: Path) -> Encoding:
    sample, count = _telling_lines(path)
    name = encoding_of_accents(sample) or _likeliest(sample)
    characters = "character was" if count == 1 else "characters were"
    note = f"Read as {name}, which is a guess: {count:,} {characters} not UTF-8."
    return Encoding(name, has_bad_bytes=True, note=Doubt(note, "encoding_guessed"))


def _likeliest(sample: bytes) -> str:
    # Loaded late: most files are UTF-8 and never need it.
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_isolation=PLAUSIBLE)
    best = matches.best()
    if best is None:
        raise UnreadableTable("The file's encoding is unknown: state it, or save it as UTF-8.")
    return "cp1252" if _is_western(sample, matches, best) else best.encoding


def _is_western(sample: bytes, matches: "CharsetMatches", best: "CharsetMatch") -> bool:
    """Whether ``sample`` reads in the Western encoding of Windows as well as in the best.

    That one is the likeliest, and a few accents among ASCII tell no language from another.
    """
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    if BROKEN_WORD.search(text):
        return False
    if best.coherence == 0 and not NOT_WESTERN.search(sample):
        return True
    return any(
        "cp1252" in match.could_be_from_charset
        and match.chaos <= best.chaos
        and match.coherence >= best.coherence
        for match in matches
    )


def _telling_lines(path: Path) -> tuple[bytes, int]:
    """The first lines that hold more than ASCII, and how many such bytes the file has."""
    sample, count = bytearray(), 0
    with path.open("rb") as file:
        while lines := file.readlines(CHUNK):
            for line in lines:
                beyond = len(line.translate(None, ASCII))
                count += beyond
                if beyond and len(sample) < SAMPLE:
                    sample += line[:SAMPLE]
    return bytes(sample), count
