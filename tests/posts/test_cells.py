"""Cells and the JSON that keeps them."""

import json

import pytest

from newsletter.posts.cells import Code, Note, Prose, Table, Text, as_json, from_json

CELLS = (
    Prose("Who is heavier?"),
    Code(
        "python",
        "print(1)",
        True,
        (Text("1\n"), Table(("a", "b"), (("1", "2"), ("3", "4")), "2 rows"), Note("Cut.")),
    ),
)


def test_what_is_kept_is_read_back() -> None:
    assert from_json(json.loads(json.dumps(as_json(CELLS)))) == CELLS


def test_what_is_kept_equals_what_the_database_gives_back() -> None:
    assert as_json(CELLS) == json.loads(json.dumps(as_json(CELLS)))


@pytest.mark.parametrize(
    ("cells", "numeric"),
    [
        (("1", "2.5", "−3", "1,250", "12%", "1e-9"), True),
        (("1", "", "NA", "NaN", "<NA>", "NULL", "None", " "), True),
        ((" 12 ", "1 250", "3.", ".5", "1E9"), True),
        (("", ""), False),
        (("1", "one"), False),
        (("2026-11-23",), False),
        ((".", ","), False),
    ],
)
def test_a_column_is_numeric_if_all_that_is_there_is_a_number(
    cells: tuple[str, ...], numeric: bool
) -> None:
    assert Table(("x",), tuple((cell,) for cell in cells)).numeric == (numeric,)


def test_a_table_without_rows_has_columns_that_are_not_numeric() -> None:
    assert Table(("a", "b"), ()).numeric == (False, False)
