"""Rows of text on their way into DuckDB: kept, or rejected with a line and a reason.

Every reader of text hands its rows to a ``Staging``; it writes them to one CSV
of a fixed dialect, which DuckDB then reads with every column as text. So
each kind of file is counted and typed by the same rules.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import finalize

import duckdb

from newsletter.errors import UnreadableTable
from newsletter.tables.profiling.columns import quoted

MAX_LISTED = 1000
MAX_TOLD = 5  # short rows by their lines
MAX_COLUMNS = 2000
MAX_CELL = 1024 * 1024  # characters
# Bytes that are read at once, and that the longest row has.
BUFFER = 8 * 1024 * 1024
MAX_LINE = 64 * 1024 * 1024
# Stands for "no value" in the staged file. A private-use character, so that no
# real cell is spelled like it.
NULL = "\ue000"
SOURCE = "source"
HELD_SOURCE = "held_source"
STAGED = "staged.csv"  # in the folder
MAX_NAME = 255  # characters of a column's name
# What is no character: half of a pair in JSON, or a byte that did not decode; and the
# one that stands for "no value".
HALVES = re.compile(f"[\ud800-\udfff{NULL}]")
NOT_IN_NAMES = str.maketrans(dict.fromkeys("\0\ufeff"))


@dataclass(slots=True)
class Rejections:
    """Rows that did not fit: all counted, the first ones listed."""

    count: int = 0
    listed: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, reason: str) -> None:
        self.count += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append((line, reason))


@dataclass(slots=True)
class ShortRows:
    """Rows that end before the last column: what they lack is missing. All are counted."""

    count: int = 0
    bare: int = 0  # of a single cell
    lines: list[int] = field(default_factory=list)  # of the first ones
    first_bare: int = 0

    def add(self, line: int, cells: int) -> None:
        self.count += 1
        if cells == 1:
            self.bare += 1
            self.first_bare = self.first_bare or line
        if len(self.lines) < MAX_TOLD:
            self.lines.append(line)

    def notes(self) -> list[str]:
        if not self.count:
            return []
        rows, have = ("1 row", "has") if self.count == 1 else (f"{self.count:,} rows", "have")
        lines = ", ".join(map(str, self.lines)) + (", …" if self.count > MAX_TOLD else "")
        where = f"line {lines}" if self.count == 1 else f"lines {lines}"
        return [f"{rows} {have} fewer cells than the header: the others are missing ({where})."]


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of the relation ``SOURCE``, as its reader found it.

    ``candidates`` are the types it may still turn out to have, besides
    string; None: all of them. ``has_text``: not all of its cells are values of
    one kind by what the file says. ``type`` is set when the file itself says it.
    """

    name: str
    candidates: frozenset[str] | None = None
    has_text: bool = True
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader made of a file: the relation ``SOURCE`` and how it came about.

    The relation's columns are called ``c0``, ``c1``, ... in the order of ``columns``. With an
    ``expected`` number of rows, which are still being counted and None for a file that must be
    looked at row by row, ``rows_in`` is not known yet, and reading the relation may fail or come to
    something else: then the reader is to be asked again, with the option ``carefully``.
    """

    columns: list[SourceColumn]
    rows_in: int
    rejections: Rejections = field(default_factory=Rejections)
    encoding: str | None = None
    delimiter: str | None = None
    notes: list[str] = field(default_factory=list)
    expected: "Future[int | None] | None" = None
    descriptions: dict[str, str] = field(default_factory=dict)  # of columns, as the file has them


class Staging:
    """Takes the rows of one table, and gives them as the relation ``SOURCE``."""

    def __init__(self, folder: Path, names: Sequence[str], options: Mapping[str, Any]) -> None:
        width = len(names)
        check_width(width)
        self._path = folder / STAGED
        self._file = self._path.open("w", encoding="utf-8", newline="")
        finalize(self, self._file.close)  # whoever reads may fail before it is shown
        writer = csv.writer(self._file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        self.keep: Callable[[Sequence[str]], Any] = writer.writerow
        if changes := options.get("changes"):  # that are stated for cells
            change = changes.of_rows(names, NULL)
            self.keep = lambda row: writer.writerow(change(row))
        self.rejections = Rejections()
        self.short = ShortRows()
        self.rows_in = 0
        self.width = width

    def reject(self, line: int, reason: str) -> None:
        """Count a row that does not fit."""
        self.rows_in += 1
        self.rejections.add(line, reason)

    def keep_short(self, line: int, row: Sequence[str]) -> None:
        """Count and keep a row that has not more cells than there are columns."""
        self.rows_in += 1
        if lacking := self.width - len(row):
            self.short.add(line, len(row))
            row = [*row, *[NULL] * lacking]
        self.keep(row)

    def show(self, connection: duckdb.DuckDBPyConnection, missing: Sequence[str]) -> None:
        """Make the relation; cells spelled like one of ``missing`` become NULL.

        Raises UnreadableTable when nothing is left or most was rejected.
        """
        self._file.close()
        self._refuse_bad_harvest()
        show_text(connection, self._path, self.width, [NULL, *missing], longest=MAX_LINE)

    def _refuse_bad_harvest(self) -> None:
        if self.rows_in == 0:
            raise UnreadableTable("The file has a header but no rows: give one with data.")
        unfit_rows = self.rejections.count + self.short.bare
        if unfit_rows * 2 <= self.rows_in:
            return
        bare = (self.short.first_bare, f"it has 1 cell where the header has {self.width:,}")
        line, reason = min([*self.rejections.listed[:1], *([bare] if self.short.bare else [])])
        raise UnreadableTable(
            f"{unfit_rows:,} of {self.rows_in:,} rows do not fit the header"
            f" (line {line}: {reason}): check the delimiter and the lines above the header."
        )


def show_text(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    width: int,
    missing: Sequence[str],
    *,
    delimiter: str = ",",
    skip: int = 0,
    newline: str = "\n",
    longest: int = BUFFER,
) -> None:
    """Make ``SOURCE`` of the rows of a CSV ``file``, each column text and null where it is
    spelled like one of ``missing``. It is read anew by each query, and leaves out a row that
    has not ``width`` cells, or over ``longest`` bytes: whoever asks has counted the rows.

    (Where it fails instead, DuckDB's threads may wait for each other for ever.)"""
    columns = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(width))
    nulls = ", ".join(_literal(text) for text in dict.fromkeys(missing))
    connection.execute(
        f"CREATE OR REPLACE VIEW {quoted(SOURCE)} AS FROM read_csv({_literal(str(file))},"
        f" columns = {{{columns}}}, nullstr = [{nulls}], allow_quoted_nulls = true,"
        f" auto_detect = false, header = false, skip = {skip}, delim = {_literal(delimiter)},"
        " ignore_errors = true,"
        f" quote = '\"', escape = '\"', comment = '', new_line = {_spelled(newline)},"
        f" max_line_size = {longest}, buffer_size = {max(longest, BUFFER)})"
    )


def hold_text(connection: duckdb.DuckDBPyConnection) -> None:
    """Read ``SOURCE`` into memory, so that queries to come need not split its rows again.
    ``release_text`` gives the room back."""
    connection.execute(f"CREATE OR REPLACE TABLE {HELD_SOURCE} AS FROM {SOURCE}")
    connection.execute(f"CREATE OR REPLACE VIEW {SOURCE} AS FROM {HELD_SOURCE}")


def release_text(connection: duckdb.DuckDBPyConnection) -> None:
    """``SOURCE`` is gone with it."""
    connection.execute(f"DROP TABLE IF EXISTS {HELD_SOURCE}")


def check_width(width: int) -> None:
    """Raises UnreadableTable for more columns than we can describe."""
    if width > MAX_COLUMNS:
        raise UnreadableTable(
            f"The table has {width:,} columns and {MAX_COLUMNS:,} are the most: make it longer"
            " instead of wider."
        )


def unfit(text: str) -> str | None:
    """Why no cell may hold ``text``; None if one may."""
    if "\0" in text:
        return "it holds a NUL character"
    if not text.isascii() and HALVES.search(text):
        return "it holds characters that are none"
    if len(text) > MAX_CELL:
        return too_long()
    return None


def too_long() -> str:
    return f"a cell is longer than {MAX_CELL:,} characters"


def unique_names(header: Sequence[str | None], notes: list[str]) -> list[str]:
    """``header`` as names that differ even without regard to case.

    White space around a name goes; an empty one is called after its place; a
    repeated one gets a number. What changed is added to ``notes``. Raises UnreadableTable for
    more than we can describe: before any is looked at, as each may cost as much as all before.
    """
    check_width(len(header))
    taken: set[str] = set()
    names: list[str] = []
    for place, cell in enumerate(header, start=1):
        spelled = " ".join((cell or "").translate(NOT_IN_NAMES).split())
        wanted = spelled[:MAX_NAME].rstrip() or f"column_{place}"
        if len(spelled) > MAX_NAME:
            notes.append(
                f"The name of column {place} has {len(spelled):,} characters: it was cut off."
            )
        name, number = wanted, 1
        while name.casefold() in taken:
            number += 1
            name = f"{wanted[: MAX_NAME - 8]}_{number}"
        if not spelled:
            notes.append(f"Column {place} had no name and is called {name}.")
        elif name != wanted:
            notes.append(f"Column {place} repeated the name {wanted} and is called {name}.")
        taken.add(name.casefold())
        names.append(name)
    return names


class CellKinds:
    """Which kinds of value each column held, for files that tell text from numbers."""

    ALLOWED = {  # noqa: RUF012 (a constant)
        "number": frozenset({"integer", "number"}),
        "boolean": frozenset({"boolean"}),
        "date": frozenset({"date", "datetime"}),
        "datetime": frozenset({"datetime"}),
        "time": frozenset({"time"}),
        "other": frozenset(),  # such as bytes
    }

    def __init__(self) -> None:
        self._seen: dict[Any, set[str]] = {}

    def see(self, column: Any, kind: str) -> None:
        self._seen.setdefault(column, set()).add(kind)

    def column(self, key: Any, name: str) -> SourceColumn:
        """What is known of the column of ``key``. What stands in a text is read as in any
        other file; ``"12"`` is a number and ``"007"`` is none."""
        kinds = self._seen.get(key, set())
        others = [self.ALLOWED[kind] for kind in kinds - {"text"}]
        candidates = frozenset.intersection(*others) if others else None
        return SourceColumn(name, candidates, has_text="text" in kinds or not kinds)


def _spelled(newline: str) -> str:
    return _literal(newline.replace("\r", "\\r").replace("\n", "\\n"))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
