"""Spreadsheets (XLSX, XLSB, XLS, ODS): one sheet, the first rows its header."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.footnotes import Footnotes, apart_note
from newsletter.tables.reading.header import count_header_rows, joined_header, title_rows
from newsletter.tables.reading.readers.workbook import error_cells, open_sheet, reading
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

Row = Sequence[Any]


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    with reading(path):
        return _read(connection, path, folder, options)


def _read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    notes: list[str] = []
    sheet = open_sheet(path, options["table"])
    rows = sheet.iter_rows()
    first = [row for _, row in zip(range(SAMPLE_ROWS), rows, strict=False)]
    if not first:
        raise UnreadableTable(f"The sheet {sheet.name} is empty: choose another.")
    names, skipped = _names(first, options, notes)
    if errors := error_cells(path, options["kind"]):
        notes.append(
            f"{errors:,} {'cell' if errors == 1 else 'cells'} of the spreadsheet held an error,"
            " such as #DIV/0!: read as missing."
        )
    if sheet.merged_cell_ranges:
        notes.append("Of merged cells the first has the value, the others have none.")
    return _load(connection, _numbered(chain(first, rows), skipped), names, notes, folder, options)


def _names(
    first: Sequence[Row], options: Mapping[str, Any], notes: list[str]
) -> tuple[list[str], int]:
    """The columns' names, and how many rows come before the data."""
    texts = [[_text(cell)[0] for cell in row] for row in first]
    declared = set(options["types"])
    above = title_rows(texts, declared) if options["header"] is None else 0
    depth = options["header"]
    if depth is None:
        depth = max(1, count_header_rows(texts[above:], declared, notes))
    if above:
        lines = [", ".join(filter(None, row)) for row in texts[:above]]
        notes.append(apart_note("Above the header", lines))
    if depth == 0:
        return [f"column_{place}" for place in range(1, len(texts[0]) + 1)], 0
    return unique_names(joined_header(texts[above : above + depth]), notes), above + depth


def _numbered(rows: Iterable[Row], skipped: int) -> Iterator[tuple[int, Row]]:
    return ((place, row) for place, row in enumerate(rows, start=1) if place > skipped)


def _load(
    connection: duckdb.DuckDBPyConnection,
    rows: Iterable[tuple[int, Row]],
    names: list[str],
    notes: list[str],
    folder: Path,
    options: Mapping[str, Any],
) -> Reading:
    staging, kinds = Staging(folder, len(names)), CellKinds()
    footnotes = Footnotes(len(names))

    def stage(place: int, row: Row) -> None:
        if all(cell == "" for cell in row):
            return
        cells = [_cell(value, at, kinds) for at, value in enumerate(row)]
        reason = next(filter(None, map(unfit, (c for c in cells if c is not NULL))), None)
        if reason:
            staging.reject(place, reason)
        else:
            staging.keep_short(place, cells)

    for place, row in rows:
        for at, passed in footnotes.rows(place, row):
            stage(at, passed)
    rest, below, _ = footnotes.end()
    for at, passed in rest:
        stage(at, passed)
    if below:
        notes.append(apart_note("Below the table", below))
    staging.show(connection, options["missing_values"])
    return Reading(
        columns=[kinds.column(at, name) for at, name in enumerate(names)],
        rows_in=staging.rows_in,
        rejections=staging.rejections,
        notes=notes,
    )


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
