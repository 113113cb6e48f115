"""What the describing formats are made from: plain facts, known before any format.

Addresses are absolute; moments are aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from newsletter.tables.querying.table_query import NUMBERS
from newsletter.tables.table_formats import MEDIA_TYPES


def license_url(license: str | None) -> str | None:  # noqa: A002 - as everything here calls it
    """The page of an SPDX id; None for a draft, which may have no licence yet."""
    return f"https://spdx.org/licenses/{quote(license, safe='')}.html" if license else None


@dataclass(frozen=True)
class Party:
    """A person or an organisation."""

    name: str
    url: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class SourceFacts:
    """Where data came from."""

    title: str
    url: str
    publisher: str | None = None
    retrieved: date | None = None


@dataclass(frozen=True)
class FileFacts:
    """One file of a table: ``format`` is csv, parquet or json."""

    format: str
    url: str
    bytes: int
    sha256: str

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.format]


@dataclass(frozen=True)
class ColumnFacts:
    """A column. ``type`` is a word of dataset.yaml; ``profile`` is its entry in the table's
    profile (see ``tables.profiling.profile``), if it has one."""

    name: str
    type: str
    description: str | None = None
    unit: str | None = None
    categories: tuple[str, ...] = ()
    profile: Mapping[str, Any] | None = None

    @property
    def is_number(self) -> bool:
        """Whether its cells are compared as numbers, and align to the right."""
        return self.type in NUMBERS


@dataclass(frozen=True)
class ForeignKeyFacts:
    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...]


@dataclass(frozen=True)
class TableFacts:
    """A table and its files, of which the first is the one to read: CSV in UTF-8, where an
    empty cell is a missing value."""

    name: str
    rows: int
    columns: tuple[ColumnFacts, ...]
    files: tuple[FileFacts, ...]
    description: str | None = None
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKeyFacts, ...] = ()

    @property
    def main_file(self) -> FileFacts:
        return self.files[0]

    def file(self, format: str) -> FileFacts:  # noqa: A002 - as FileFacts calls it
        return next(file for file in self.files if file.format == format)


@dataclass(frozen=True)
class ErratumFacts:
    """What was wrong with a version, and the address of the one that corrects it."""

    note: str
    published: datetime
    corrected_by: str  # semver
    url: str


@dataclass(frozen=True)
class WorkFacts:
    """Code that somebody wrote on a dataset, which answers a question."""

    title: str
    question: str
    url: str
    author: Party
    language: str  # of the code, as it is written: Python, SQL, R
    license: str  # SPDX id
    published: datetime


@dataclass(frozen=True)
class DatasetFacts:
    """One published version of a dataset."""

    slug: str
    version: str
    title: str
    description: str  # Markdown
    license: str  # SPDX id; of a draft it may be empty
    url: str  # the dataset's page
    version_url: str  # this version's page, for good
    published: datetime
    modified: datetime
    publisher: Party  # this newsletter
    catalog_title: str
    catalog_url: str
    citation: str  # plain text
    tables: tuple[TableFacts, ...]
    summary: str = ""
    language: str = "en"
    keywords: tuple[str, ...] = ()
    creators: tuple[Party, ...] = ()
    sources: tuple[SourceFacts, ...] = ()
    temporal: str | None = None  # ISO 8601: a year, a date or an interval
    spatial: str | None = None
    erratum: ErratumFacts | None = None
    works: tuple[WorkFacts, ...] = ()

    @property
    def license_url(self) -> str | None:
        return license_url(self.license)
