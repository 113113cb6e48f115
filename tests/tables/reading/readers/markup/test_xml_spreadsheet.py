"""XML spreadsheets of 2003."""

from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import SeveralTables, UnreadableTable
from tests.tables.reading.cells import parsed

SPACE = "urn:schemas-microsoft-com:office:spreadsheet"
ROWS = """
<Row><Cell><Data ss:Type="String">id</Data></Cell><Cell><Data ss:Type="String">d</Data></Cell>
  <Cell><Data ss:Type="String">v</Data></Cell></Row>
<Row ss:Index="3"><Cell><Data ss:Type="String">007</Data></Cell>
  <Cell><Data ss:Type="DateTime">2026-01-02T00:00:00.000</Data></Cell>
  <Cell><Data ss:Type="Number">1.5</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">008</Data></Cell>
  <Cell ss:Index="3"><Data ss:Type="Error">#N/A</Data></Cell></Row>"""


def read(folder: Path, *sheets: str, top: str = "", **options: Any) -> dict[str, Any]:
    tables = "".join(
        f'<Worksheet ss:Name="S{at}"><Table>{rows}</Table></Worksheet>'
        for at, rows in enumerate(sheets, start=1)
    )
    file = folder / "in.xls"
    file.write_text(
        f'<?xml version="1.0"?>{top}<?mso-application progid="Excel.Sheet"?>'
        f'<Workbook xmlns="{SPACE}" xmlns:ss="{SPACE}">{tables}</Workbook>'
    )
    return parsed(file, **options)


def test_cells_have_the_types_and_places_that_the_file_gives(tmp_path: Path) -> None:
    table = read(tmp_path, ROWS, "<Row/>")

    assert table["columns"] == [("id", "string"), ("d", "date"), ("v", "number")]
    assert table["preview"] == [["007", "2026-01-02", 1.5], ["008", None, None]]


def test_a_sheet_is_to_be_chosen_of_several(tmp_path: Path) -> None:
    with pytest.raises(SeveralTables, match="choose one of S1, S2"):
        read(tmp_path, ROWS, ROWS)
    assert read(tmp_path, ROWS, ROWS, table="S2")["rows_kept"] == 2


def test_entities_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret words")
    top = f'<!DOCTYPE a [<!ENTITY b SYSTEM "file://{tmp_path}/secret">]>'
    rows = ROWS.replace("007", "&b;")

    assert "secret words" not in str(read(tmp_path, rows, top=top)["preview"])


def test_what_is_cut_short_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "in.xls"
    file.write_text(f'<?xml version="1.0"?><Workbook xmlns="{SPACE}"><Work')

    with pytest.raises(UnreadableTable, match="no well-formed XML"):
        parsed(file)
