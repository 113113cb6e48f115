"""What a reader may bring: a dataset that they suggest, or code that they share.

The texts are plain, the link is only kept: nothing is fetched, and no file is read.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import PurePath
from urllib.parse import urlsplit

from newsletter.catalog.licenses import license_problem
from newsletter.email_address import parse_address
from newsletter.errors import Invalid, InvalidAddress
from newsletter.file_names import bare_name
from newsletter.models.submission import SubmissionKind
from newsletter.tables.reading.file_kinds import PACKED_ENDINGS, TABLE_ENDINGS

MEGABYTE = 1_000_000
FILE_BYTES = 5 * MEGABYTE
# How a file may end, as a person may choose it and as the field of a form says it.
ENDINGS = {
    SubmissionKind.DATASET: tuple(sorted(TABLE_ENDINGS | PACKED_ENDINGS)),
    SubmissionKind.CODE: (".ipynb", ".md", ".py", ".sql", ".r"),
}
# How the storage keys of such files end: nothing else has them, so they may be removed.
OFFERED = ".offered"
OFFERED_FOR = timedelta(days=1)  # how long a file is kept for a form that was not taken yet
TITLE = (5, 120)  # characters, at least and at most
ABOUT = (20, 5000)
NAME = (2, 120)
LINK_AT_MOST = 2000
KEPT_CONTROLS = "\n\t"
# Characters that turn the reading direction of what stands after them.
TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
NOT_SENT = "It was not sent yet: see what is marked below. Nothing you typed is lost."


@dataclass(frozen=True, slots=True)
class OfferedFile:
    name: str  # as its owner calls it
    size: int  # bytes
    key: str = ""  # in storage; empty: it was not kept


@dataclass(frozen=True, slots=True)
class Offer:
    """What was typed, as it was typed; ``checked`` makes it fit to be kept."""

    kind: SubmissionKind
    title: str = ""
    about: str = ""
    name: str = ""  # for the credit line
    link: str = ""
    license: str = ""  # SPDX id; empty: not known
    address: str = ""  # for the answer; empty: none is wanted
    dataset: str = ""  # the slug of the one that the code is about
    file: OfferedFile | None = None
    form_key: str | None = None  # of the form that it came with, which carries one


def checked(offer: Offer) -> Offer:
    """``offer`` with its texts made clean. Raises Invalid with a sentence for each field."""
    clean = replace(
        offer,
        title=_line(offer.title),
        about=_plain(offer.about).strip(),
        name=_line(offer.name),
        link=offer.link.strip(),
        license=offer.license.strip(),
        address=offer.address.strip(),
        file=replace(offer.file, name=bare_name(offer.file.name)) if offer.file else None,
    )
    sentences = {field: problem(clean) for field, problem in PROBLEMS.items()}
    wrong = {field: sentence for field, sentence in sentences.items() if sentence}
    if wrong:
        raise Invalid(NOT_SENT, wrong)
    return replace(clean, address=str(parse_address(clean.address)) if clean.address else "")


def file_problem(kind: SubmissionKind, file: OfferedFile) -> str | None:
    """What is wrong with a file, going by its name and size alone."""
    if PurePath(file.name).suffix.lower() not in ENDINGS[kind]:
        return f"Choose a file whose name ends in {endings_in_words(kind)}."
    if file.size == 0:
        return "The file is empty: choose another."
    if file.size > FILE_BYTES:
        most = FILE_BYTES // MEGABYTE
        return (
            f"The file has {file.size / MEGABYTE:.1f} MB: choose one of at most {most} MB, "
            "or give a link to it."
        )
    return None


def endings_in_words(kind: SubmissionKind) -> str:
    """Such as ``.ipynb, .md, .py, .sql or .R``."""
    *others, last = (".R" if ending == ".r" else ending for ending in ENDINGS[kind])
    return f"{', '.join(others)} or {last}"


def _length(what: str, text: str, limits: tuple[int, int]) -> str | None:
    least, most = limits
    if not text:
        return what
    if len(text) < least:
        return f"Write at least {least} characters."
    if len(text) > most:
        return f"Write at most {most:,} characters: it has {len(text):,}."
    return None


def _link_problem(offer: Offer) -> str | None:
    if not offer.link:
        return None if offer.file else "Give a link, or choose a file."
    if len(offer.link) > LINK_AT_MOST:
        return f"Give an address of at most {LINK_AT_MOST:,} characters."
    if any(c.isspace() or not c.isprintable() or c == "\\" for c in offer.link):
        return "This is no web address: it must have no spaces or backslashes."
    try:
        parts = urlsplit(offer.link)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "This is no web address: check its spelling."
    if parts.scheme not in ("http", "https"):
        return "Give an address that begins with https:// or http://."
    if "@" in parts.netloc:
        return "Give the address without a user name or password."
    if not host or "." not in host.strip("."):
        return "Give the whole address, such as https://example.org/data."
    return None


def _license_problem(offer: Offer) -> str | None:
    if offer.license:
        return license_problem(offer.license[:64])
    if offer.kind is SubmissionKind.CODE and offer.file:
        return "Choose a licence, so that readers know what they may do with your file."
    return None


def _address_problem(offer: Offer) -> str | None:
    try:
        if offer.address:
            parse_address(offer.address)
    except InvalidAddress as error:
        return str(error)
    return None


PROBLEMS: dict[str, Callable[[Offer], str | None]] = {
    "title": lambda offer: _length("Give it a title.", offer.title, TITLE),
    "about": lambda offer: _length("Say what it is, and why.", offer.about, ABOUT),
    "link": _link_problem,
    "file": lambda offer: file_problem(offer.kind, offer.file) if offer.file else None,
    "license": _license_problem,
    "name": lambda offer: _length("Give the name to be thanked.", offer.name, NAME),
    "address": _address_problem,
}


def _line(text: str) -> str:
    return " ".join(_plain(text).split())


def _plain(text: str) -> str:
    """``text`` with its line ends alike, and without what no person types."""
    return "".join(
        c
        for c in text.replace("\r\n", "\n").replace("\r", "\n")
        if c in KEPT_CONTROLS or (unicodedata.category(c) not in ("Cc", "Cs") and c not in TURNING)
    )
