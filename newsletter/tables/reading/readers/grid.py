"""Rows of cells, as sheets and pages have them: titles, a header, values, notes below.

What a cell may be is told apart by its Python type; a text is read as in any other file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

import duckdb

from newsletter.tables.reading.footnotes import Footnotes, apart_note
from newsletter.tables.reading.header import count_header_rows, joined_header, title_rows
from newsletter.tables.reading.staging import (
    NULL,
    CellKinds,
    Reading,
    Staging,
    unfit,
    unique_names,
)

SAMPLE_ROWS = 200
ERRORS = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"}
MERGED = "Of merged cells the first has the value, the others have none."

Row = Sequence[Any]


def table_of(
    connection: duckdb.DuckDBPyConnection,
    rows: Iterable[Row],
    notes: list[str],
    folder: Path,
    options: Mapping[str, Any],
    *,
    depth: int | None = None,
    least_header: int = 1,
) -> Reading:
    """Load the table that ``rows`` are, of which there is one at least; ``depth`` is how many of
    them the file calls its header, if it says so, and ``least_header`` how many there are where
    it does not. Raises UnreadableTable."""
    coming = iter(rows)
    first = list(islice(coming, SAMPLE_ROWS))
    stated = options["header"] if options["header"] is not None else depth
    names, skipped = _names(first, options, notes, stated, least_header)
    numbered = enumerate(chain(first, coming), start=1)
    values = islice(numbered, skipped, None)
    return values_of(connection, values, names, notes, folder, options)


def values_of(
    connection: duckdb.DuckDBPyConnection,
    rows: Iterable[tuple[int, Row]],
    names: Sequence[str],
    notes: list[str],
    folder: Path,
    options: Mapping[str, Any],
    *,
    has_footnotes: bool = True,
) -> Reading:
    """Load the rows, each with its place, under the columns' ``names``; the last ones may be
    footnotes, unless the file has a place for rows alone. Raises UnreadableTable."""
    staging, kinds = Staging(folder, names, options), CellKinds()
    if has_footnotes:
        rows = _without_footnotes(rows, Footnotes(len(names)), notes)
    for place, row in rows:
        if all(cell is None or cell == "" for cell in row):
            continue
        cells = [_cell(value, at, kinds) for at, value in enumerate(row)]
        if len(cells) > len(names):
            if any(cell is not NULL for cell in cells[len(names) :]):
                wide = f"it has {len(cells):,} cells where the header has {len(names):,}"
                staging.reject(place, wide)
                continue
            del cells[len(names) :]
        reason = next(filter(None, map(unfit, (c for c in cells if c is not NULL))), None)
        if reason:
            staging.reject(place, reason)
        else:
            staging.keep_short(place, cells)
    staging.show(connection, options["missing_values"])
    return Reading(
        columns=[kinds.column(at, name) for at, name in enumerate(names)],
        rows_in=staging.rows_in,
        rejections=staging.rejections,
        notes=notes,
    )


def _without_footnotes(
    rows: Iterable[tuple[int, Row]], footnotes: Footnotes, notes: list[str]
) -> Iterator[tuple[int, Row]]:
    for place, row in rows:
        yield from footnotes.rows(place, row)
    rest, below, _ = footnotes.end()
    yield from rest
    if below:
        notes.append(apart_note("Below the table", below))


def _names(
    first: Sequence[Row],
    options: Mapping[str, Any],
    notes: list[str],
    depth: int | None,
    least: int,
) -> tuple[list[str], int]:
    """The columns' names, and how many rows come before the data."""
    texts = [[_text(cell)[0] for cell in row] for row in first]
    declared = set(options["types"])
    above = title_rows(texts, declared) if depth is None else 0
    if depth is None:
        depth = max(least, count_header_rows(texts[above:], declared, notes))
    if above:
        lines = [", ".join(filter(None, row)) for row in texts[:above]]
        notes.append(apart_note("Above the header", lines))
    if depth == 0:
        notes.append("No header was found: the columns are called column_1, column_2, ….")
        return [f"column_{place}" for place in range(1, len(texts[above]) + 1)], above
    return unique_names(joined_header(texts[above : above + depth]), notes), above + depth


def _cell(value: Any, at: int, kinds: CellKinds) -> str:
    text, kind = _text(value)
    if kind is None:
        return NULL
    kinds.see(at, kind)
    return text


def _text(value: Any) -> tuple[str, str | None]:
    """A cell as text, and its kind; None for an empty one."""
    if value is None or value == "" or value in ERRORS:  # Gnumeric writes errors as texts
        return "", None
    if isinstance(value, bool):
        return str(value).lower(), "boolean"
    if isinstance(value, float) and value.is_integer():
        return str(int(value)), "number"  # a sheet has no other way to hold a whole number
    if isinstance(value, int | float):
        return repr(value), "number"
    for type_, kind in ((datetime, "datetime"), (date, "date"), (time, "time")):
        if isinstance(value, type_):
            return value.isoformat(), kind
    return (str(value), "other") if isinstance(value, timedelta) else (value, "text")
