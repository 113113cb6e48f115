"""A table as a workbook (XLSX): a sheet with its rows, and one with its dictionary.

Nothing changes on the way: what a spreadsheet would round, run or take for something else
is a text there.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import xlsxwriter

from newsletter.errors import Refused
from newsletter.tables import duckdb_sandbox
from newsletter.tables.profiling.columns import quoted

MOST_ROWS = 1_048_576  # of a sheet, its header among them
MOST_COLUMNS = 16_384
LONGEST_CELL = 32_767  # characters
MOST_DIGITS = 15  # that a number of a spreadsheet keeps
FIRST_YEAR = 1900  # of days in a spreadsheet
AT_ONCE = 2_000  # rows that are in memory
MEMORY = "256MB"
FORMATS = {
    "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm:ss", "time": "hh:mm:ss"
}  # fmt: skip
DICTIONARY = ("name", "type", "unit", "description")
OPTIONS = {  # a text is a text, whatever it looks like
    "constant_memory": True, "strings_to_numbers": False, "strings_to_formulas": False,
    "strings_to_urls": False, "default_date_format": FORMATS["datetime"],
}  # fmt: skip

Column = Mapping[str, Any]  # of a dictionary: its name and type, and what is said of it


def too_large(rows: int, columns: int) -> str:
    """Why there can be no such workbook, in a sentence; empty: there can."""
    if rows >= MOST_ROWS:
        return f"A sheet of Excel has {MOST_ROWS:,} rows, and this table more."
    if columns > MOST_COLUMNS:
        return f"A sheet of Excel has {MOST_COLUMNS:,} columns, and this table more."
    return ""


def write_workbook(parquet: Path, columns: Sequence[Column], title: str, target: BinaryIO) -> None:
    """Write the table of the Parquet file, whose dictionary is ``columns``, to ``target``.

    Raises Refused for a cell that is longer than one of Excel.
    """
    names = [column["name"] for column in columns]
    with (
        TemporaryDirectory() as folder,
        xlsxwriter.Workbook(target, OPTIONS | {"tmpdir": folder}) as book,
        duckdb_sandbox.connect(parquet.parent, MEMORY, 1) as connection,
    ):
        book.set_properties({"title": title[:255]})
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet("Data")
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, names, bold)
        place = str(parquet).replace("'", "''")
        listed = ", ".join(map(quoted, names))
        rows = connection.execute(f"SELECT {listed} FROM read_parquet('{place}')")  # noqa: S608
        writers = [_writer(book, sheet, column) for column in columns]
        number = 0
        while chunk := rows.fetchmany(AT_ONCE):
            for row in chunk:
                number += 1
                for at, (write, cell) in enumerate(zip(writers, row, strict=True)):
                    if cell is not None:
                        write(number, at, cell)
        _write_dictionary(book, columns, bold)


def _write_dictionary(book: Any, columns: Sequence[Column], bold: Any) -> None:
    sheet = book.add_worksheet("Dictionary")
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, [heading.title() for heading in DICTIONARY], bold)
    for number, column in enumerate(columns, start=1):
        for at, key in enumerate(DICTIONARY):
            sheet.write_string(number, at, str(column.get(key) or ""))


def _writer(book: Any, sheet: Any, column: Column) -> Callable[[int, int, Any], None]:
    """What writes the cells of a column."""
    type_ = column["type"]
    style = book.add_format({"num_format": FORMATS[type_]}) if type_ in FORMATS else None

    def text(row: int, at: int, cell: Any) -> None:
        written = cell if isinstance(cell, str) else _spelled(cell)
        if len(written) > LONGEST_CELL:
            raise Refused(
                f"A cell of {column['name']} is longer than the {LONGEST_CELL:,} characters of"
                " one of Excel: take the table as CSV or Parquet."
            )
        sheet.write_string(row, at, written)

    def value(row: int, at: int, cell: Any) -> None:
        if isinstance(cell, datetime) and cell.tzinfo is not None:
            cell = cell.replace(tzinfo=None)  # it is UTC
        if not _is_kept(cell):
            text(row, at, cell)
        elif isinstance(cell, bool):
            sheet.write_boolean(row, at, cell)
        elif isinstance(cell, int | float | Decimal):
            sheet.write_number(row, at, cell)
        else:
            sheet.write_datetime(row, at, cell, style)

    return text if type_ in {"string", "list"} else value


def _is_kept(cell: Any) -> bool:
    """Whether a spreadsheet keeps the number or moment as it is."""
    if isinstance(cell, bool | time):
        return True
    if isinstance(cell, int):
        return len(str(abs(cell))) <= MOST_DIGITS
    if isinstance(cell, Decimal):
        return cell.is_finite() and len(cell.normalize().as_tuple().digits) <= MOST_DIGITS
    if isinstance(cell, float):
        return cell - cell == 0  # neither infinite nor no number
    if isinstance(cell, datetime) and cell.microsecond % 1000:
        return False
    return isinstance(cell, date) and cell.year > FIRST_YEAR


def _spelled(cell: Any) -> str:
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)
