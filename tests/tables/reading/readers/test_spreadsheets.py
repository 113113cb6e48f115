"""Workbooks as LibreOffice 7.4 and Gnumeric 1.12 saved them, and what they say.

Each has two sheets: Readings, with a day, a moment, truth and an empty cell, and Odd, with
merged cells and two that hold an error (#DIV/0! and #N/A). Files of openpyxl, which is not
what people have, are in test_kinds_of_files.py.
"""

from pathlib import Path

import pytest

from newsletter.errors import SeveralTables
from newsletter.tables.ingest import IngestOptions, ingest

FILES = Path(__file__).parents[2] / "files"
BOOKS = sorted(path.name for path in FILES.iterdir() if path.suffix != ".csv")
READINGS = [
    ["00501", "2026-03-29", "2026-03-29T02:30:00", 1.5, True, "Zoë, “quoted”"],
    ["00502", "1999-12-31", "1999-12-31T23:59:59", -0.25, False, None],
    ["00503", "2026-11-23", "2026-11-23T09:00:00", None, True, "line one\nline two"],
]
ODD = [["north", 1, None], [None, 2, 0.5], ["south", 3, None]]


@pytest.mark.parametrize("book", BOOKS)
def test_a_sheet_keeps_what_its_cells_mean(tmp_path: Path, book: str) -> None:
    table = ingest(FILES / book, tmp_path, IngestOptions(table="Readings"))
    types = dict(table.columns)
    # LibreOffice has no truth in its own format: it writes the formula TRUE(), worth 1.
    assert types.pop("ok") == ("integer" if book == "libreoffice.ods" else "boolean")
    assert types == {
        "station": "string",
        "day": "date",
        "at": "datetime",
        "level": "number",
        "note": "string",
    }
    assert table.preview == READINGS
    assert (table.rows_in, table.rows_rejected) == (3, 0)


@pytest.mark.parametrize("book", BOOKS)
def test_error_cells_and_merged_ones_are_missing(tmp_path: Path, book: str) -> None:
    table = ingest(FILES / book, tmp_path, IngestOptions(table="Odd"))
    assert table.preview == ODD


@pytest.mark.parametrize("book", ["libreoffice.ods", "libreoffice.xlsx"])
def test_it_says_that_cells_held_an_error(tmp_path: Path, book: str) -> None:
    table = ingest(FILES / book, tmp_path, IngestOptions(table="Odd"))
    assert any(note.startswith("2 cells of the spreadsheet held an error") for note in table.notes)


@pytest.mark.parametrize("book", BOOKS)
def test_it_asks_which_of_two_sheets_is_meant(tmp_path: Path, book: str) -> None:
    with pytest.raises(SeveralTables, match=r"Readings.*Odd"):
        ingest(FILES / book, tmp_path)
