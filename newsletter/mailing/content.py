"""What an issue says, as plain values: all that is the same for every reader.

Nothing personal is in here. What differs from one reader to the next (the To
line, the Message-ID, two links) is a placeholder in the message: see mailing.placeholders.
"""

import re
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Prose:
    """A curator's Markdown, both ways. ``html`` was sanitised: Markup is the promise."""

    html: Markup
    text: str  # paragraphs with a blank line between them


@dataclass(frozen=True, slots=True)
class InlineImage:
    """A PNG that travels in the mail and is shown as ``cid:<cid>`` (RFC 2392)."""

    cid: str  # like chart@issue
    png: bytes
    width: int  # CSS pixels, as it is shown
    height: int
    alt: str

    @property
    def name(self) -> str:
        """What it is called among the images of its mail, and in the archive: ``chart``."""
        return name_of(self.cid)


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of "at a glance": rows x columns, size, licence, coverage, source."""

    label: str
    value: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows, as they are shown. Each row has a cell for each header."""

    headers: tuple[str, ...]  # some of the columns, where there are many
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]  # for each column, whether it holds numbers: these align right


@dataclass(frozen=True, slots=True)
class ColumnSketch:
    """A column in two lines and a sparkline."""

    name: str
    type: str  # with its unit, if it has one: "number, mm"
    description: str
    profile: str  # "32.1 – 59.6, median 44.5, 2 missing"
    bars: tuple[int, ...]  # heights from 0 to 100; empty: no sparkline


@dataclass(frozen=True, slots=True)
class Loader:
    """Code that loads the data, runnable as printed."""

    label: str
    code: str


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class PostLink:
    """A post in the week's round-up."""

    title: str
    question: str
    language: str  # as it is written: Python
    url: str


@dataclass(frozen=True, slots=True)
class IssueContent:
    """One Monday issue. Texts are plain unless they are Prose."""

    kind: str
    date: date
    list_title: str
    base_url: str  # no slash at its end
    from_address: str  # "Name <address>" or an address
    postal_address: str
    subject: str
    preheader: str
    title: str
    slug: str
    version: str
    why: Prose
    chart: InlineImage | None
    glance: tuple[Fact, ...]
    preview: Preview
    columns: tuple[ColumnSketch, ...]  # some of them, where there are many
    all_columns: int
    questions: tuple[str, ...]
    caveats: tuple[str, ...]
    csv_url: str
    parquet_url: str
    page_url: str
    loaders: tuple[Loader, ...]
    credit: str
    citation: str
    previous: Link | None  # the issue before on the same topic
    posts: tuple[PostLink, ...]  # the code posts of the week that ended

    @property
    def images(self) -> tuple[InlineImage, ...]:
        return (self.chart,) if self.chart else ()

    @property
    def public_url(self) -> str:
        """The issue's page in the archive: "view in browser"."""
        return f"{self.base_url}/issues/{self.date.isoformat()}"


@dataclass(frozen=True, slots=True)
class CorrectionContent:
    """What a correction says to those who got the wrong version."""

    date: date
    list_title: str
    base_url: str  # no slash at its end
    from_address: str  # "Name <address>" or an address
    postal_address: str
    subject: str
    preheader: str
    title: str
    slug: str
    notes: tuple[str, ...]  # what was wrong, the newest first
    received: tuple[Link, ...]  # the issues that it corrects, the newest first
    words: Prose | None  # the curator's own, beside what is said by itself
    version: str  # that corrects
    wrong: tuple[Link, ...]  # the versions that were wrong, by their numbers, oldest first
    changes: tuple[Fact, ...]
    steps: tuple[str, ...]  # what to do
    page_url: str  # of the version that corrects
    changes_url: str

    @property
    def images(self) -> tuple[InlineImage, ...]:
        """It has none: it is about what changed."""
        return ()

    @property
    def public_url(self) -> str:
        """Its page in the archive: "view in browser"."""
        return f"{self.base_url}/issues/{self.date.isoformat()}-correction"


def name_of(cid: str) -> str:
    """The name of the image that has a Content-ID."""
    return re.split("[.@]", cid)[0]
