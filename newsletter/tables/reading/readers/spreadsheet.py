"""Spreadsheets (XLSX, XLSB, XLS, ODS): one sheet, the first rows its header."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.readers.grid import MERGED, table_of
from newsletter.tables.reading.readers.workbook import error_cells, open_sheet, reading
from newsletter.tables.reading.staging import Reading


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    notes: list[str] = []
    with reading(path):
        sheet = open_sheet(path, options["table"])
        if sheet.height == 0:
            raise UnreadableTable(f"The sheet {sheet.name} is empty: choose another.")
        if errors := error_cells(path, options["kind"]):
            notes.append(
                f"{errors:,} {'cell' if errors == 1 else 'cells'} of the spreadsheet held an error,"
                " such as #DIV/0!: read as missing."
            )
        if sheet.merged_cell_ranges:
            notes.append(MERGED)
        return table_of(connection, sheet.iter_rows(), notes, folder, options)
