"""What a mailing is composed from: plain facts, read beforehand from wherever they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from newsletter.catalog.describe.facts import DatasetFacts, WorkFacts
from newsletter.mailing.content import Link
from newsletter.posts.cells import Cell
from newsletter.tables.diff import Diff


@dataclass(frozen=True, slots=True)
class MailingFacts:
    """What is known of a mailing whatever it is of."""

    kind: str
    date: date
    list_title: str
    base_url: str  # no slash at its end
    from_address: str  # "Name <address>" or an address
    postal_address: str
    subject: str  # the curator's, or what it is called without
    preheader: str  # the curator's; empty: it is made from what the mailing is of
    intro: str  # the curator's, Markdown; empty: none


@dataclass(frozen=True, slots=True)
class Chart:
    png: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """A Monday issue; its dataset has a table, of which ``first_rows`` are."""

    mailing: MailingFacts
    dataset: DatasetFacts
    first_rows: tuple[tuple[Any, ...], ...]  # None: missing
    questions: tuple[str, ...]
    caveats: tuple[str, ...]
    curator: str  # empty: nobody is named
    hat_tip: str
    chart: Chart | None
    previous: Link | None  # the issue before on the same topic
    posts: tuple[WorkFacts, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a post that went through."""

    day: date
    versions: Mapping[str, str]  # of the language and of each package


@dataclass(frozen=True, slots=True)
class PostFacts:
    """The mailing of a post."""

    mailing: MailingFacts
    work: WorkFacts
    credit: str
    cells: tuple[Cell, ...]
    figures: tuple[bytes | None, ...]  # the PNG of each in order; None: a mail has no room for it
    addresses: Mapping[str, str]  # of the files that it reads as ../data/<file>
    script: str  # what the address of its script ends in: py
    last_run: Run | None  # None: it never went through, or not the last time
    dataset: DatasetFacts


@dataclass(frozen=True, slots=True)
class WrongVersion:
    number: str  # semver
    note: str  # what was wrong with it


@dataclass(frozen=True, slots=True)
class CorrectionFacts:
    """A correction, which corrects one version or more."""

    mailing: MailingFacts
    dataset: DatasetFacts  # the version that corrects
    wrong: tuple[WrongVersion, ...]  # the oldest first
    received: tuple[Link, ...]  # the issues that opened one of them, the newest first
    changes: Diff  # from the first of them


Facts = IssueFacts | PostFacts | CorrectionFacts
