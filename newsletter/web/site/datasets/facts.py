"""What is said of a dataset in figures, beside its texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from newsletter.catalog.describe.citation import in_words
from newsletter.catalog.describe.facts import license_url
from newsletter.catalog.describe.published import sources_of
from newsletter.mailing.content import Fact
from newsletter.models.dataset import Table, Version
from newsletter.tables.profiling.profile_text import (
    bins,
    gist,
    landmarks,
    share,
    sparkline,
    summary,
)
from newsletter.tables.querying.table_query import NUMBERS

PREVIEW_ROWS = 10
NO_SOURCE = "none was given"


@dataclass(frozen=True, slots=True)
class Bar:
    height: int  # from 0 to 100
    says: str  # what it stands for


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """A column: what was written about it, and what was computed."""

    name: str
    type: str
    unit: str
    description: str
    categories: Sequence[Any]
    profile: str
    gist: str  # the same without what is missing
    bars: Sequence[Bar]  # empty: none are drawn
    landmarks: tuple[str, str, str] | None  # the least, the median, the greatest
    missing: str  # its share; empty: nothing is missing
    unique: int | None

    @property
    def is_number(self) -> bool:
        """Whether its cells align to the right."""
        return self.type in NUMBERS


def dimensions(version: Version) -> str:
    """ "344 rows × 8 columns", or how many tables and rows."""
    tables = version.tables
    rows = sum(table.rows for table in tables)
    if len(tables) == 1:
        return f"{_count(rows, 'row')} × {_count(len(tables[0].columns), 'column')}"
    return f"{_count(len(tables), 'table')}, {_count(rows, 'row')}"


def glance(version: Version, base_url: str = "") -> list[Fact]:
    """A dataset's page in a few lines, the empty ones left out."""
    return [fact for fact in _facts(version, base_url) if fact.value]


def columns(table: Table, shown: slice = slice(None)) -> list[ColumnFacts]:
    """The columns that are ``shown``, in the order of the file."""
    profiles = {column["name"]: column for column in table.profile.get("columns", ())}
    return [_column(written, profiles.get(written["name"])) for written in table.columns[shown]]


def preview(table: Table) -> list[list[Any]]:
    """The first rows, their cells in the order of the columns; None is a missing value."""
    return table.preview[:PREVIEW_ROWS]


def _facts(version: Version, base_url: str) -> Iterator[Fact]:
    yield Fact("Size", dimensions(version))
    yield Fact("Period", in_words(version.temporal or ""))
    yield Fact("Place", version.spatial or "")
    yield Fact("Licence", version.license or "", license_url(version.license))
    yield Fact("Made by", ", ".join(creator["name"] for creator in version.creators))
    sources = sources_of(version, base_url)
    for source in sources[:1]:  # the page names them all further down
        yield Fact("Source", source["title"], source["url"])
    if not sources:
        yield Fact("Source", NO_SOURCE)
    yield Fact("Version", version.number)


def _column(written: dict[str, Any], profile: dict[str, Any] | None) -> ColumnFacts:
    unit = written.get("unit") or ""
    return ColumnFacts(
        name=written["name"],
        type=written["type"],
        unit=unit,
        description=written.get("description") or "",
        categories=written.get("categories") or (),
        profile=summary(profile, unit) if profile else "",
        gist=gist(profile, unit) if profile and profile["nan_proportion"] < 1 else "",
        bars=[Bar(*drawn) for drawn in zip(sparkline(profile), bins(profile), strict=True)]
        if profile
        else (),
        landmarks=landmarks(profile) if profile else None,
        missing=share(profile["nan_proportion"]) if profile and profile["nan_count"] else "",
        unique=profile["unique"] if profile else None,
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
