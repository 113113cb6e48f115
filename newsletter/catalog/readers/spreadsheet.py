"""Spreadsheets (XLSX, XLSB, XLS, ODS): one sheet, its first row the header."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from newsletter.catalog.staging import (
    NULL,
    CellKinds,
    Reading,
    SourceColumn,
    Staging,
    unique_names,
)
from newsletter.errors import UnreadableTable


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    notes: list[str] = []
    sheet = _sheet(path, options["sheet"], notes)
    rows = sheet.iter_rows()
    header = next(rows, None)
    if header is None:
        raise UnreadableTable(f"The sheet {sheet.name} is empty: choose another.")
    names = unique_names([_text(cell)[0] for cell in header], notes)
    staging, kinds = Staging(folder, len(names)), CellKinds()
    for row in rows:
        if all(cell == "" for cell in row):
            continue
        staging.rows_in += 1
        staging.keep([_cell(value, at, kinds) for at, value in enumerate(row)])
    staging.load(connection, options["missing_values"])
    return Reading(
        columns=[SourceColumn(name, kinds.candidates(at)) for at, name in enumerate(names)],
        rows_in=staging.rows_in,
        rejections=staging.rejections,
        notes=notes,
    )


def _sheet(path: Path, wanted: str | None, notes: list[str]) -> CalamineSheet:
    try:
        book = CalamineWorkbook.from_path(str(path))
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible
        ]
        if wanted is not None and wanted not in book.sheet_names:
            raise UnreadableTable(
                f"There is no sheet {wanted!r}: choose one of {', '.join(book.sheet_names)}."
            )
        if wanted is not None:
            return book.get_sheet_by_name(wanted)
        sheets = [book.get_sheet_by_name(name) for name in visible]
    except CalamineError as error:
        raise UnreadableTable("The spreadsheet is damaged or locked: save it again.") from error
    filled = [sheet for sheet in sheets if sheet.height > 0]
    if not filled:
        raise UnreadableTable("The spreadsheet is empty: give one with a header and rows.")
    if len(filled) > 1:
        notes.append(f"The sheet {filled[0].name} was read, the first of {len(filled)}.")
    return filled[0]


def _cell(value: Any, at: int, kinds: CellKinds) -> str:
    text, kind = _text(value)
    if kind is None:
        return NULL
    kinds.see(at, kind)
    return text


def _text(value: Any) -> tuple[str, str | None]:
    """A cell as text, and its kind; None for an empty one."""
    if value is None or value == "":
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
    return str(value) if isinstance(value, timedelta) else value, "text"
