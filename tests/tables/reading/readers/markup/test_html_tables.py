"""Tables of web pages."""

from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import UnreadableTable
from tests.tables.reading.cells import parsed

PAGE = """<!doctype html><html><head><meta charset="windows-1252"><title>Zo\u00eb</title></head>
<table><tr><td>menu<td>help</table>
<table id="people"><caption>People of 2019<sup class="reference">[1]</sup></caption>
<thead><tr><th rowspan="2">Country<th colspan="2">2019</tr><tr><th>men<th>women</thead>
<tbody><tr><td rowspan="2">Chad<td>1,234<sup>2</sup><td>NA<span style="display: none">x</span>
<tr><td>2,345<td>7<tr><td>M\u00e4li<td>5<td>6<br></tbody></table>
<table><tr><td>1<td>2<tr><td>3<td>4</table></body></html>"""


def read(folder: Path, page: str, **options: Any) -> dict[str, Any]:
    file = folder / "page.html"
    file.write_bytes(page.encode("cp1252"))
    return parsed(file, **options)


def test_the_largest_table_is_read_and_it_is_said_how_to_choose(tmp_path: Path) -> None:
    table = read(tmp_path, PAGE)

    assert table["columns"] == [
        ("Country", "string"), ("2019 men", "integer"), ("2019 women", "integer")
    ]  # fmt: skip
    assert table["preview"] == [["Chad", 1234, None], [None, 2345, 7], ["M\u00e4li", 5, 6]]
    assert table["notes"][0] == (
        "Of 2 tables on the page the largest was taken, People of 2019: state another by its name"
        " or number, of People of 2019, table 2."
    )
    assert table["notes"][1] == "Of merged cells the first has the value, the others have none."


@pytest.mark.parametrize("wanted", ["2", "table 2"])
def test_another_is_chosen_by_its_name_or_number(tmp_path: Path, wanted: str) -> None:
    table = read(tmp_path, PAGE, table=wanted)

    assert table["preview"] == [[1, 2], [3, 4]]


def test_a_title_in_a_table_is_no_header(tmp_path: Path) -> None:
    rows = "<tr><th colspan=3>Births</tr><tr><th>area<th>boys<th>girls</tr>"

    table = read(tmp_path, f"<table>{rows}<tr><td>a<td>1<td>2<tr><td>b<td>3<td>4</table>")

    assert [name for name, _ in table["columns"]] == ["area", "boys", "girls"]
    assert table["notes"] == ["Above the header 1 line was set apart: Births"]


def test_raised_digits_of_a_unit_stay(tmp_path: Path) -> None:
    rows = "<tr><th>km<sup>2</sup><th>n<tr><td>5<sup>a</sup><td>1<tr><td>6<td>2"

    table = read(tmp_path, f"<table>{rows}</table>")

    assert table["columns"] == [("km2", "integer"), ("n", "integer")]


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("<title>Log in</title><input type='password'>", r"asks for a password \(Log in\)"),
        ("<title>404</title><p>Nothing here.", r"This is a web page \(404\), not a table"),
        ("<table><tr><td>one</table>", "This is a web page, not a table: give CSV"),
    ],
)
def test_a_page_without_data_is_told_from_one(tmp_path: Path, page: str, sentence: str) -> None:
    with pytest.raises(UnreadableTable, match=sentence):
        read(tmp_path, f"<html>{page}</html>")
