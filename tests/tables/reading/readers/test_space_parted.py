"""Columns that blanks part, and texts that only look so."""

from pathlib import Path
from typing import Any

import pytest

from tests.tables.reading.cells import parsed, read_columns

ALIGNED = "name    value\nab c       12\nabd e       3\nf          45\n"


def read(folder: Path, text: str, **options: Any) -> dict[str, Any]:
    file = folder / "in.txt"
    file.write_text(text, encoding="utf-8")
    return parsed(file, **options)


def test_blanks_in_quotes_part_nothing(tmp_path: Path) -> None:
    read_back = read_columns({"a b": ['say "so"', "back\\slash"], "n": [1, None]}, tmp_path, "txt")

    assert read_back["columns"] == [("a b", "string"), ("n", "integer")]
    assert read_back["preview"] == [['say "so"', 1], ["back\\slash", None]]


@pytest.mark.parametrize(
    ("text", "columns", "first"),
    [
        (ALIGNED, [("name", "string"), ("value", "integer")], ["ab c", 12]),
        (  # names of rows, which have none themselves
            "   mpg cyl\n1 21.0   6\n2 22.8   4\n3 18.7   8\n",
            [("column_1", "integer"), ("mpg", "number"), ("cyl", "integer")], [1, 21.0, 6],
        ),
        (  # a day and a time below one name, to the left and to the right of it
            "when                n\n2026-01-01 10:00:00  1\n2026-01-02 11:00:00 13\n",
            [("when", "datetime"), ("n", "integer")], ["2026-01-01T10:00:00", 1],
        ),
        (
            "                    t    n\n1 2026-01-01 10:00:00  A b\n2 2026-01-01 11:00:00    C\n",
            [("column_1", "integer"), ("t", "datetime"), ("n", "string")],
            [1, "2026-01-01T10:00:00", "A b"],
        ),
        (
            "# made by x\n# time flux err\n1.0 2.0 0.1\n2.0  3.0 0.1\n",
            [("time", "number"), ("flux", "number"), ("err", "number")], [1.0, 2.0, 0.1],
        ),
        (
            "Deaths by year\n\nYear   Deaths\n1990     12\n1991   1000\n",
            [("Year", "integer"), ("Deaths", "integer")], [1990, 12],
        ),
    ],
)  # fmt: skip
def test_columns_are_found(
    tmp_path: Path, text: str, columns: list[tuple[str, str]], first: list[Any]
) -> None:
    read_back = read(tmp_path, text)

    assert read_back["columns"] == columns
    assert read_back["preview"][0] == first
    assert read_back["notes"][0].endswith(("part the columns.", "places in the lines."))


@pytest.mark.parametrize(
    "text",
    [
        "full name\nJohn Smith\nJane Doe\nAl Gore\n",
        "date of birth\n23 Nov 2026\n21 Nov 2026\n2 Dec 2026\n",
        "pop\n1 234\n12 345\n1 234 567\n",
        "at\n2026-01-01 10:00:00\n2026-01-01 11:00:00\n",
        "Some words  of a text\nwhich has no table  in it\nand so  on it goes 12\n",
    ],
)
def test_a_column_of_words_stays_one(tmp_path: Path, text: str) -> None:
    assert len(read(tmp_path, text)["columns"]) == 1


@pytest.mark.parametrize("text", ["About it\n\na, b, c\n1, 2, 3\n4, 5, 6\n"])
def test_delimiters_with_blanks_part_the_cells(tmp_path: Path, text: str) -> None:
    assert [name for name, _ in read(tmp_path, text)["columns"]] == ["a", "b", "c"]


def test_a_word_across_two_columns_rejects_its_row(tmp_path: Path) -> None:
    rows = ALIGNED + "f          45\n" * 200

    read_back = read(tmp_path, rows + "abcdefghijklm 4\n")

    assert (read_back["rows_kept"], read_back["rows_rejected"]) == (203, 1)


def test_blanks_can_be_stated(tmp_path: Path) -> None:
    text = "a b\nx y\nz  w\n"

    assert read(tmp_path, text)["columns"] == [("a b", "string")]
    assert read(tmp_path, text, delimiter=" ")["preview"] == [["x", "y"], ["z", "w"]]


def test_a_no_break_space_is_part_of_its_cell(tmp_path: Path) -> None:
    text = "city  people  n\nOslo  1\u00a0234  5\nBern  2\u00a0345  6\n"

    assert read(tmp_path, text)["preview"] == [["Oslo", 1234, 5], ["Bern", 2345, 6]]
