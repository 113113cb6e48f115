"""Which rows top a table, in every kind of file that has them."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from newsletter.tables.reading.dialect import lines_above
from tests.tables.reading.cells import parsed

Rows = Sequence[Sequence[str]]
FORMS = ("csv", "tsv", "xlsx")
BODY = [["Peru", "1.5", "2"], ["Chad", "3.5", "4"], ["Fiji", "5.5", "60"], ["Mali", "8.5", "7"]]
STATES = [["Ohio", "x", "y"], ["Iowa", "z", "w"], ["Utah", "v", "u"], ["Guam", "t", "s"]]


def read_rows(rows: Rows, folder: Path, form: str = "csv", **options: Any) -> dict[str, Any]:
    """What the parser tells of a file of ``rows``, in this process."""
    source = folder / f"in.{form}"
    if form == "xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.worksheets[0].append([_cell(cell) for cell in row])
        book.save(source)
    else:
        text = io.StringIO()
        csv.writer(text, delimiter="\t" if form == "tsv" else ",").writerows(rows)
        source.write_text(text.getvalue(), encoding="utf-8")
    return parsed(source, **options)


def _cell(cell: str) -> str | float | None:
    try:
        return float(cell)
    except ValueError:
        return cell or None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("header", "body", "names"),
    [
        (["country", "2019", "2020"], BODY, ["country", "2019", "2020"]),
        (["country", "2019", "rate"], BODY, ["country", "2019", "rate"]),
        (["country", "1/22/20", "1/23/20"], BODY, ["country", "1/22/20", "1/23/20"]),
        (["country", "5%", "50%"], BODY, ["country", "5%", "50%"]),
        (["country", "0-4", "5-9"], BODY, ["country", "0-4", "5-9"]),
        (["state", "2019", "note"], STATES, ["state", "2019", "note"]),
        (["country", "population", "65"], BODY, ["country", "population", "65"]),
        (["", "a", "b"], BODY, ["column_1", "a", "b"]),
        (
            ["c", "0", "1", "2", "3"],
            [["x", "5", "7", "1", "3"], ["y", "2", "9", "9", "1"]],
            ["c", "0", "1", "2", "3"],
        ),
        # one cell long, as a delimiter at its end makes it
        (["country", "a", "b", ""], BODY, ["country", "a", "b"]),
    ],
)
def test_a_first_row_of_words_is_the_header(
    tmp_path: Path, form: str, header: Sequence[str], body: Rows, names: list[str]
) -> None:
    outcome = read_rows([header, *body], tmp_path, form)

    assert [name for name, _ in outcome["columns"]] == names
    assert outcome["rows_kept"] == len(body)


@pytest.mark.parametrize("form", FORMS[:2])
@pytest.mark.parametrize(
    "rows",
    [
        [["Peru", "2019", "7.5"], ["Chad", "2020", "8.5"], ["Fiji", "2021", "9.5"]],
        [["1", "2", "3"], ["4", "5", "6"]],
        [["x", "suppressed", "3"], ["y", "4", "5"], ["z", "6", "7"]],
        [["2020-01-01", "a"], ["2020-01-02", "b"]],
    ],
)
def test_a_first_row_of_values_is_none(tmp_path: Path, form: str, rows: Rows) -> None:
    outcome = read_rows(rows, tmp_path, form)

    assert outcome["columns"][0][0] == "column_1"
    assert outcome["rows_kept"] == len(rows)


def test_a_header_that_could_be_a_row_is_doubted(tmp_path: Path) -> None:
    (note,) = read_rows([["country", "2019", "rate"], *BODY], tmp_path)["notes"]

    assert note.startswith("The first row was taken for the header, though 2019 looks like")


@pytest.mark.parametrize("form", FORMS[:2])
@pytest.mark.parametrize("above", [[], [["Yearbook"], ["Source: us"], []]])
def test_a_header_one_cell_short_stands_over_the_columns_after_the_names_of_rows(
    tmp_path: Path, form: str, above: list[list[str]]
) -> None:
    """As ``write.table`` of R writes it."""
    outcome = read_rows([*above, ["a", "b"], *BODY], tmp_path, form)

    assert outcome["columns"] == [("column_1", "string"), ("a", "number"), ("b", "integer")]
    assert outcome["rows_kept"] == 4
    assert outcome["preview"][0] == ["Peru", 1.5, 2]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("rows", "names"),
    [
        (
            [["", "2019", "", "2020", ""], ["", "men", "women", "men", "women"]],
            ["column_1", "2019 men", "2019 women", "2020 men", "2020 women"],
        ),
        (
            [["land", "size", "", "age", ""], ["", "low", "high", "low", "high"]],
            ["land", "size low", "size high", "age low", "age high"],
        ),
    ],
)
def test_rows_of_a_header_are_joined_where_a_group_spans_them(
    tmp_path: Path, form: str, rows: Rows, names: list[str]
) -> None:
    body = [[name, "1", "2.5", "3", "4.5"] for name in ("Peru", "Chad", "Fiji", "Mali")]

    outcome = read_rows([*rows, *body], tmp_path, form)

    assert [name for name, _ in outcome["columns"]] == names
    assert outcome["rows_kept"] == 4


def test_names_below_a_group_of_words_are_joined_with_it(tmp_path: Path) -> None:
    rows = [["", "place", ""], ["state", "city", "river"], *STATES]

    assert [name for name, _ in read_rows(rows, tmp_path)["columns"]] == [
        "state", "place city", "place river"
    ]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("is_padded", [True, False])
def test_what_stands_above_and_below_a_table_is_set_apart_and_shown(
    tmp_path: Path, form: str, *, is_padded: bool
) -> None:
    padding = ["", ""] if is_padded else []
    apart = [["Rainfall by country", *padding], ["Millimetres a day", *padding], ["", *padding]]
    below = [["", *padding], ["Chad is an estimate.", *padding], ["Source: WMO", *padding]]

    outcome = read_rows([*apart, ["country", "may", "june"], *BODY, *below], tmp_path, form)

    assert outcome["columns"] == [("country", "string"), ("may", "number"), ("june", "integer")]
    assert outcome["rows_in"] == outcome["rows_kept"] == 4
    shown = " ".join(outcome["notes"])
    assert "lines were set apart: Rainfall by country / Millimetres a day" in shown
    assert "Below the table 2 lines were set apart: Chad is an estimate. / Source: WMO" in shown


@pytest.mark.parametrize("form", FORMS[:2])
def test_a_note_right_below_the_last_row_is_told_by_its_words(tmp_path: Path, form: str) -> None:
    rows = [["country", "may", "june"], *BODY, ["Source: WMO, 2020", "", ""]]

    outcome = read_rows(rows, tmp_path, form)

    assert outcome["rows_kept"] == 4
    assert outcome["notes"] == ["Below the table 1 line was set apart: Source: WMO, 2020"]


@pytest.mark.parametrize("form", FORMS)
def test_a_row_without_values_is_a_row(tmp_path: Path, form: str) -> None:
    outcome = read_rows([["country", "may", "june"], *BODY, ["Oman", "", ""]], tmp_path, form)

    assert outcome["preview"][-1] == ["Oman", None, None]
    assert outcome["rows_kept"] == 5


@pytest.mark.parametrize("form", FORMS[:2])
def test_rows_below_a_gap_are_rows(tmp_path: Path, form: str) -> None:
    rows = [["country", "may", "june"], *BODY, ["", "", ""], ["South", "", ""], ["Oman", "1", "2"]]

    outcome = read_rows(rows, tmp_path, form)

    assert outcome["rows_kept"] == 7
    assert outcome["preview"][-1] == ["Oman", 1.0, 2]


def test_a_count_above_a_table_without_a_header_is_set_apart(tmp_path: Path) -> None:
    """As scikit-learn ships its breast cancer data."""
    outcome = read_rows([["20", "setosa"], *[["1", "2.5", "3"]] * 20], tmp_path)

    assert outcome["notes"][0] == "Above the header 1 line was set apart: 20,setosa"
    assert outcome["rows_kept"] == 20


def test_rows_that_spaces_part_are_not_taken_for_titles() -> None:
    """A table of runs of spaces, some of them tabs, keeps its first rows."""
    sample = ["NAME A B C\n", "x 5 6 7\n", "y 5\t6 8\n", *["z\t5\t6 9\n"] * 7]

    assert lines_above(sample, None) == 0
