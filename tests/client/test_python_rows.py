"""A table as rows of plain Python, from a newsletter over real HTTP and from files."""

import csv
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from dataset_daily import load, python_rows
from tests.client.conftest import Served

LONG = 123456789012345678901234567890


def read(folder: Path, text: str, **types: str) -> list[dict[str, object]]:
    (folder / "table.csv").write_text(text, encoding="utf-8")
    return python_rows.read(folder / "table.csv", "csv", types)


def test_rows_keep_the_types(served: Served) -> None:
    first, second, third, fourth = load("kinds", version="1.0.0", using="python")
    assert first == {
        "word": "NA",
        "count": 1,
        "exact": 0.1,
        "long": LONG,
        "tame": True,
        "day": date(2026, 11, 23),
        "moment": datetime(2026, 11, 23, 9),  # noqa: DTZ001 (the table has no zone)
        "stamp": datetime(2026, 11, 23, 9, tzinfo=UTC),
        "clock": time(9, 30),
        "note": 'a "quoted", one',
    }
    assert second["note"] == "two\nlines"
    assert second["clock"] == time(23, 59, 59, 500_000)
    assert (third["word"], third["exact"]) == ("Åse", math.inf)
    assert [name for name, value in third.items() if value is None] == [
        name for name in third if name not in {"word", "exact"}
    ]
    assert fourth["exact"] is None  # NaN is a word for nothing
    assert fourth["long"] == 7


def test_a_missing_value_alone_in_its_row_is_a_row(served: Served) -> None:
    assert load("lonely", using="python") == [{"value": 1}, {"value": None}, {"value": 3}]


def test_an_empty_line_is_a_row_of_one_column(tmp_path: Path) -> None:
    assert read(tmp_path, "a\n1\n\n3\n", a="integer") == [{"a": 1}, {"a": None}, {"a": 3}]


def test_a_list_is_a_list(tmp_path: Path) -> None:
    assert read(tmp_path, 'a\n"[1, ""two""]"\n', a="array") == [{"a": [1, "two"]}]


def test_what_python_has_no_value_for_stays_text(tmp_path: Path) -> None:
    text = "day,clock\n12026-01-01,24:00:00\n2026-01-01,23:00:00\n"
    assert read(tmp_path, text, day="date", clock="time") == [
        {"day": "12026-01-01", "clock": "24:00:00"},
        {"day": date(2026, 1, 1), "clock": time(23)},
    ]


@pytest.fixture
def usual_limit() -> Iterator[int]:
    """Python's own limit of a cell, which libraries of other tests lift for the whole process."""
    limit = 131_072
    lifted = csv.field_size_limit(limit)
    yield limit
    csv.field_size_limit(lifted)


def test_a_cell_may_be_of_any_length_and_the_limit_of_the_program_stays(
    tmp_path: Path, usual_limit: int
) -> None:
    long = "x" * (usual_limit + 1)
    assert read(tmp_path, f"a,b\n{long},1\n", a="string", b="integer") == [{"a": long, "b": 1}]
    assert csv.field_size_limit() == usual_limit
