"""A table as a workbook: nothing changes on the way."""

from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from newsletter.errors import Refused
from newsletter.tables.workbook import too_large, write_workbook

TYPES = {
    "id": "integer", "n": "integer", "x": "number", "money": "number", "day": "date",
    "at": "datetime", "seen": "datetime", "open": "time", "ok": "boolean", "word": "string",
}  # fmt: skip
COLUMNS = [{"name": name, "type": type_} for name, type_ in TYPES.items()]
COLUMNS[2] |= {"unit": "mm", "description": "=How long"}
ROWS = """
    (1234567890123456789, 5, 0.1, 1.10::DECIMAL(20, 2), DATE '2026-11-23',
     TIMESTAMP '2026-11-23 09:00:00', TIMESTAMPTZ '2026-11-23 09:00:00+01', TIME '09:30', true,
     '=1+1'),
    (12, NULL, 'inf'::DOUBLE, 123456789012345678.25::DECIMAL(20, 2), DATE '1850-01-01',
     TIMESTAMP '2026-11-23 09:00:00.000001', NULL, NULL, NULL, '007'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'https://example.org' || chr(7))
"""


def written(folder: Path, rows: str = ROWS, columns: Any = COLUMNS) -> Any:
    parquet, file = folder / "t.parquet", folder / "t.xlsx"
    names = ", ".join(f'"{column["name"]}"' for column in columns)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"COPY (SELECT * FROM (VALUES {rows}) AS t({names})) TO '{parquet}' (FORMAT parquet)"
        )
    with file.open("wb") as target:
        write_workbook(parquet, columns, "Birds", target)
    return openpyxl.load_workbook(file)


def test_every_cell_is_what_it_was(tmp_path: Path) -> None:
    book = written(tmp_path)
    header, first, second, third = book["Data"].iter_rows()

    assert [cell.value for cell in header] == list(TYPES)
    assert [str(cell.value) for cell in first] == [
        "1234567890123456789", "5", "0.1", "1.1", "2026-11-23 00:00:00", "2026-11-23 09:00:00",
        "2026-11-23 08:00:00", "09:30:00", "True", "=1+1",
    ]  # fmt: skip
    assert [cell.data_type for cell in first] == [*"snnndddd", "b", "s"]
    assert [cell.value for cell in second] == [
        12, None, "inf", "123456789012345678.25", "1850-01-01", "2026-11-23T09:00:00.000001",
        None, None, None, "007",
    ]  # fmt: skip
    assert [cell.value for cell in third][:9] == [None] * 9
    assert third[9].hyperlink is None


def test_the_dictionary_has_a_sheet(tmp_path: Path) -> None:
    rows = list(written(tmp_path)["Dictionary"].iter_rows(values_only=True))

    assert rows[0] == ("Name", "Type", "Unit", "Description")
    assert rows[3] == ("x", "number", "mm", "=How long")


def test_a_cell_that_no_spreadsheet_holds_is_refused(tmp_path: Path) -> None:
    columns = [{"name": "word", "type": "string"}]

    with pytest.raises(Refused, match="A cell of word is longer"):
        written(tmp_path, "(repeat('x', 40000))", columns)


@pytest.mark.parametrize(
    ("rows", "columns", "is_too_large"),
    [(1_048_575, 16_384, False), (1_048_576, 1, True), (1, 16_385, True)],
)
def test_what_no_sheet_holds_is_not_offered(rows: int, columns: int, is_too_large: bool) -> None:
    assert bool(too_large(rows, columns)) == is_too_large
