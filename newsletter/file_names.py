"""What a person, a program or a server calls a file, made fit to be shown, to be kept, and to
stand in an address."""

import re
import unicodedata
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

from anyascii import anyascii

AT_MOST = 200  # bytes: file systems take 255, and somebody may put a word before it
ENDING_AT_MOST = 20


def bare_name(text: str) -> str:
    """The file's name at the end of a path of any system, on one line and without invisible
    characters; a long one is shortened before its ending. Empty where nothing is left."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", text))[-1]
    visible = "".join(sign for sign in " ".join(last.split()) if sign.isprintable())
    return _shortened(visible.strip(" ."))


def name_in_address(url: str) -> str:
    """The name of the file at an address: the end of its path, else the host."""
    parts = urlsplit(url)
    name = bare_name(unquote(parts.path.rstrip("/").rpartition("/")[2]))
    return name or bare_name(parts.hostname or "")


def latin(text: str) -> str:
    """``text`` in ASCII, as it is said; signs that stand for a syllable, as in Chinese and
    Korean, are words of their own."""
    return "".join(map(_latin, unicodedata.normalize("NFC", text)))


def _latin(sign: str) -> str:
    text = anyascii(sign)
    return f" {text} " if unicodedata.east_asian_width(sign) == "W" and text.istitle() else text


def _shortened(name: str) -> str:
    if len(name.encode()) <= AT_MOST:
        return name
    ending = "".join(PurePath(name).suffixes[-2:])
    if len(ending.encode()) > ENDING_AT_MOST:
        ending = ""
    stem = name.removesuffix(ending).encode()[: AT_MOST - len(ending.encode())]
    return stem.decode(errors="ignore").rstrip(" .") + ending
