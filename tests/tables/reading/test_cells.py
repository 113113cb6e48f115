"""What a cell means, whatever kind of file it stands in."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas
import polars
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.charts import proposals
from newsletter.errors import UnreadableTable
from newsletter.tables.ingest import ingest
from newsletter.tables.missing_words import MISSING_WORDS
from newsletter.tables.querying import execute
from newsletter.tables.querying.table_cache import Shelf
from newsletter.tables.querying.table_query import asked
from newsletter.tables.reading.types.month_names import MONTHS, NAMES
from tests.examples import examples
from tests.tables.reading.cells import FORMS, read_cells, read_columns

FILES = Path(__file__).parents[1] / "files"
quick = settings(max_examples=examples(20), deadline=None, suppress_health_check=list(HealthCheck))


Case = tuple[Sequence[str], str, Sequence[Any]]
CASES: list[Case] = [
    # missing words
    (["1", "NA", "3"], "integer", [1, None, 3]),
    (["1.5", "nan", ".", "#DIV/0!"], "number", [1.5, None, None, None]),
    (["TRUE", "n/a"], "boolean", [True, None]),
    (["2026-11-23", "--"], "date", ["2026-11-23", None]),
    (["09:30", "missing"], "time", ["09:30:00", None]),
    (["NA", "Namibia", "1"], "string", ["NA", "Namibia", "1"]),
    (["NA", "-"], "string", ["NA", "-"]),
    (["1", "-999"], "integer", [1, -999]),
    # numbers
    (["\u22125", "3"], "integer", [-5, 3]),
    (["5-", "3"], "integer", [-5, 3]),
    (["(1,234.50)", "$2"], "number", [-1234.5, 2.0]),
    (["$ 5", "-$7"], "integer", [5, -7]),
    (["5 %", "7.5%"], "number", [5.0, 7.5]),
    (["EUR 5", "EUR 7"], "integer", [5, 7]),
    (["1,5 \u20ac", "2,25 \u20ac"], "number", [1.5, 2.25]),
    (["1,234", "5"], "integer", [1234, 5]),
    (["12,34,567", "1,234"], "integer", [1234567, 1234]),
    (["1.234.567,5", "2"], "number", [1234567.5, 2.0]),
    (["1 234", "12 345"], "integer", [1234, 12345]),
    (["1\u00a0234", "2\u202f345"], "integer", [1234, 2345]),
    (["1'234", "2\u2019345.5"], "number", [1234.0, 2345.5]),
    ([".5", "5.", " 7"], "number", [0.5, 5.0, 7.0]),
    (["1e5", "2.5E7"], "number", [1e5, 2.5e7]),
    (["1." + "1" * 60, "2.5"], "number", [1.1111111111111112, 2.5]),
    (["9007199254740993", "1"], "integer", [9007199254740993, 1]),
    # what stays text
    (["007", "12"], "string", ["007", "12"]),
    (["+4912345678", "+4912345679"], "string", ["+4912345678", "+4912345679"]),
    (["1.2.3", "1.10.0"], "string", ["1.2.3", "1.10.0"]),
    (["192.168.100.101", "192.168.100.102"], "string", ["192.168.100.101", "192.168.100.102"]),
    (["$5", "\u20ac5"], "string", ["$5", "\u20ac5"]),
    (["5%", "7"], "string", ["5%", "7"]),
    (["65+", "18"], "string", ["65+", "18"]),
    (["1990-", "1985-"], "string", ["1990-", "1985-"]),
    (["110 001", "560 034"], "string", ["110 001", "560 034"]),
    (["1,5", "2,3"], "string", ["1,5", "2,3"]),
    (["9" * 39, "1"], "string", ["9" * 39, "1"]),
    # days and moments
    (["2026-1-3"], "date", ["2026-01-03"]),
    (["23/11/26", "01/02/26"], "date", ["2026-11-23", "2026-02-01"]),
    (["11-23-2026"], "date", ["2026-11-23"]),
    (["01/02/2026", "03/04/2026"], "string", ["01/02/2026", "03/04/2026"]),
    (["2020-01", "2020-02"], "date", ["2020-01-01", "2020-02-01"]),
    (["2001-02", "2011-12"], "string", ["2001-02", "2011-12"]),
    (["2020-W05", "2020W06"], "date", ["2020-01-27", "2020-02-03"]),
    (["2020-Q1", "Q4 2020"], "date", ["2020-01-01", "2020-10-01"]),
    (["Nov 2026"], "date", ["2026-11-01"]),
    (["Jan-1-1995", "Feb-1-1995"], "date", ["1995-01-01", "1995-02-01"]),
    (["11/23/2026 9:05 PM"], "datetime", ["2026-11-23T21:05:00"]),
    (["Mon, 23 Nov 2026 09:00:00 +0100"], "datetime", ["2026-11-23T08:00:00Z"]),
    (["2026-11-23T09:00:00.123456789"], "datetime", ["2026-11-23T09:00:00.123456789"]),
    (["9:30 PM", "12:00 am"], "time", ["21:30:00", "00:00:00"]),
    (["25:00:00", "1:00:00"], "string", ["25:00:00", "1:00:00"]),
    (["31 Feb 2026"], "string", ["31 Feb 2026"]),
]  # fmt: skip
# Every word, among numbers and among days.
WORDED: list[Case] = [
    ([value, f" {word.upper()} ", word], type_, [read, None, None])
    for word in MISSING_WORDS
    if word
    for value, type_, read in (("1.5", "number", 1.5), ("2026-11-23", "date", "2026-11-23"))
]
DTYPES: dict[str, set[Any]] = {
    "integer": {polars.Int64, polars.Int128, polars.Decimal},
    "number": {polars.Float64, polars.Decimal},
    "date": {polars.Date}, "datetime": {polars.Datetime}, "time": {polars.Time},
    "boolean": {polars.Boolean}, "string": {polars.String},
}  # fmt: skip
LONGEST = max(len(cells) for cells, *_ in [*CASES, *WORDED])


def _named(cases: Sequence[Case]) -> dict[str, Sequence[str]]:
    """Each case as a column as long as the longest, whose last value is repeated."""
    return {
        f"x{at}": [*cells, *[cells[-1]] * (LONGEST - len(cells))]
        for at, (cells, *_) in enumerate(cases)
    }


def _of_columns(notes: Sequence[str]) -> set[str]:
    """The notes that tell how columns are read."""
    of_columns = {note for note in notes if re.search(r"\bx\d+\b", note)}
    return {note for note in of_columns if " x1 " not in note}  # of errors, which sheets count


@pytest.fixture(scope="module")
def plain_notes(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    columns = _named([*CASES, *WORDED])
    return _of_columns(read_columns(columns, tmp_path_factory.mktemp("plain"))["notes"])


# In a file that blanks part a comma may be decimal, so that columns depend on each other.
INDEPENDENT = [form for form in FORMS if form != "txt"]


@pytest.fixture(scope="module", params=INDEPENDENT)
def table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All cases, as one table in one kind of file."""
    folder = tmp_path_factory.mktemp("table")
    return read_columns(_named([*CASES, *WORDED]), folder, request.param) | {"folder": folder}


def test_a_cell_means_the_same_in_every_kind_of_file(table: dict[str, Any]) -> None:
    types = dict(table["columns"])
    values = dict(zip(types, zip(*table["preview"], strict=True), strict=True))
    expected = {f"x{at}": (case[1], *case[2]) for at, case in enumerate([*CASES, *WORDED])}

    read = {name: (types[name], *values[name][: len(expected[name]) - 1]) for name in expected}
    assert read == expected


@pytest.mark.parametrize("table", ["xlsx", "xml", "json", "sqlite"], indirect=True)
def test_it_is_noted_in_the_same_words(table: dict[str, Any], plain_notes: set[str]) -> None:
    assert _of_columns(table["notes"]) == plain_notes


def test_parquet_and_filters_obey_the_same_reading(table: dict[str, Any]) -> None:
    columns, file = table["columns"], table["folder"] / "table.parquet"
    dtypes = polars.read_parquet_schema(file)
    for name, type_ in columns:
        assert dtypes[name].base_type() in DTYPES[type_], name
    shelf = Shelf(table["folder"])
    for at, (_, type_, values) in enumerate(CASES):
        if type_ in {"integer", "number", "date"}:
            largest: Any = max(value for value in values if value is not None)
            question = asked([(f"x{at}__gte", str(largest))], columns)
            assert execute.page(shelf, file, columns, question).total >= 1
    shelf.close()


def test_words_far_down_count_too(tmp_path: Path) -> None:
    column = read_cells([*map(str, range(2000)), "NA", "NA", "-"], tmp_path)

    assert column["type"] == "integer"
    assert column["notes"] == ["2 cells NA and 1 cell - in x are read as missing."]


def test_a_stated_word_is_missing_in_every_column(tmp_path: Path) -> None:
    column = read_cells(["1", "-999"], tmp_path, missing_values=("", "-999"))

    assert column["values"] == [1, None]


def test_a_stated_type_takes_words_for_nothing(tmp_path: Path) -> None:
    assert read_cells(["NA", "-"], tmp_path / "all", types={"x": "number"})["values"] == [None] * 2
    assert read_cells(["NA", "1"], tmp_path / "text", types={"x": "string"})["values"] == [
        "NA",
        "1",
    ]
    assert read_cells(["7", "$1,234"], tmp_path / "money", types={"x": "number"}) == {
        "type": "number",
        "values": [7.0, 1234.0],
        "notes": ["1 value of x such as '$1,234' is read as numbers with a decimal point, in $."],
        "unit": "$",
    }


@pytest.mark.parametrize(("cell", "unit"), [("5%", "%"), ("CHF 5", "CHF"), ("5", None)])
def test_the_unit_that_stands_with_the_numbers_is_kept(
    tmp_path: Path, cell: str, unit: str | None
) -> None:
    assert read_cells([cell, cell], tmp_path)["unit"] == unit


def test_a_stated_order_of_days_decides(tmp_path: Path) -> None:
    cells = ["01/02/2026", "03/04/2026"]

    assert read_cells(cells, tmp_path / "dmy", date_order="dmy")["values"][0] == "2026-02-01"
    assert read_cells(cells, tmp_path / "mdy", date_order="mdy")["values"][0] == "2026-01-02"
    with pytest.raises(UnreadableTable, match="more than one way: state the order"):
        read_cells(cells, tmp_path / "none", types={"x": "date"})


@pytest.mark.parametrize(
    ("name", "cells", "type_"),
    [
        ("saleDate", ["20261123", "20250101"], "date"),
        ("date", ["20261123", "20251301"], "integer"),
        ("serial", ["20261123", "20250101"], "integer"),
        ("timestamp", ["1600000000", "1700000000"], "datetime"),
        ("created_at", ["1600000000123"], "datetime"),
        ("visitors", ["1600000000"], "integer"),
    ],
)
def test_what_digits_mean_is_told_by_the_name_of_their_column(
    tmp_path: Path, name: str, cells: Sequence[str], type_: str
) -> None:
    for form in FORMS:
        assert read_cells(cells, tmp_path / form, form, name=name)["type"] == type_


# As people write numbers: what is written and what it means are made together.
DIGITS = st.decimals(-(10**12), 10**12, places=2, allow_nan=False)


@st.composite
def columns_of_numbers(draw: st.DrawFn) -> tuple[list[str], list[Decimal]]:
    mark, decimal = draw(st.sampled_from([(",", "."), (".", ","), ("\u202f", ","), ("'", ".")]))
    before, after = draw(st.sampled_from([("", ""), ("$", ""), ("", " \u20ac"), ("", "%")]))
    minus = draw(st.sampled_from(["-{}", "\u2212{}", "({})", "{}-"]))
    values = [*draw(st.lists(DIGITS, max_size=6)), Decimal("1234567.89")]  # the last tells marks
    texts = []
    for value in values:
        number = f"{abs(value):,.2f}".translate({ord(","): mark, ord("."): decimal})
        text = f"{before}{number}{after}"
        texts.append(minus.format(text) if value < 0 else text)
    return texts, values


@quick
@given(columns_of_numbers())
def test_numbers_are_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, column: tuple[list[str], list[Decimal]]
) -> None:
    texts, values = column

    told = read_cells(texts, tmp_path_factory.mktemp("numbers"))

    assert told["type"] in {"number", "integer"}
    assert [Decimal(str(value)) for value in told["values"]] == values


FORMATS = {
    "%d %B %Y": False, "%B %d, %Y": False, "%d-%b-%Y": False, "%Y/%m/%d": False,
    "%d.%m.%Y": False, "%Y%m%dT%H%M%S": True, "%Y-%m-%d %H:%M:%S.%f": True,
    "%m/%d/%Y %I:%M:%S %p": True, "%d/%m/%Y %H:%M": True, "%a, %d %b %Y %H:%M:%S +0000": True,
    "%b %d, %Y %I:%M %p": True, "%Y-%m-%dT%H:%M:%SZ": True,
}  # fmt: skip


@quick
@given(
    st.sampled_from(sorted(FORMATS)),
    st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31)), min_size=1, max_size=6),  # noqa: DTZ001
)
def test_moments_are_read_as_pandas_does(
    tmp_path_factory: pytest.TempPathFactory, format_: str, moments: list[datetime]
) -> None:
    sure = datetime(2026, 11, 23, 13, 5)  # noqa: DTZ001 (which tells days from months)
    texts = [moment.strftime(format_) for moment in [*moments, sure]]

    told = read_cells(texts, tmp_path_factory.mktemp("moments"))

    assert told["type"] == ("datetime" if FORMATS[format_] else "date")
    expected = pandas.to_datetime(pandas.Series(texts), format=format_)
    values = pandas.to_datetime(pandas.Series(told["values"]), format="ISO8601")
    assert values.dt.tz_localize(None).tolist() == expected.dt.tz_localize(None).tolist()


@pytest.mark.parametrize("language", NAMES)
def test_every_name_of_a_month_is_known(tmp_path: Path, language: str) -> None:
    names = [name for month in NAMES[language].split() for name in month.split("|")]
    cells = [cell for name in names for cell in (f"7 {name.title()} 2026", f"07-{name}-2026")]
    days = [date(2026, MONTHS[name], 7) for name in names for _ in range(2)]

    assert read_cells(cells, tmp_path)["type"] == "date"
    assert polars.read_parquet(tmp_path / "table.parquet")["x"].to_list() == days


def test_the_penguins_come_as_their_package_ships_them(tmp_path: Path) -> None:
    """The file of palmerpenguins 0.1.6 (CC0), whose measures have two cells NA each."""
    work = tmp_path / "work"
    work.mkdir()

    table = ingest(FILES / "palmerpenguins.csv", work)

    assert dict(table.columns) == {
        "species": "string", "island": "string", "bill_length_mm": "number",
        "bill_depth_mm": "number", "flipper_length_mm": "integer", "body_mass_g": "integer",
        "sex": "string",  # its eleven NA may mean anything, and have an alert
        "year": "integer",
    }  # fmt: skip
    measures = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
    assert table.notes == tuple(f"2 cells NA in {name} are read as missing." for name in measures)
    assert [a["code"] for a in table.profile["alerts"] if a["column"] == "sex"] == [
        "placeholder_values"
    ]
    chart = proposals(table.profile)[0].spec["encoding"]
    assert [chart[channel]["field"] for channel in ("x", "y", "color")] == [
        "bill_length_mm", "bill_depth_mm", "species"
    ]  # fmt: skip
    frame = pandas.read_csv(FILES / "palmerpenguins.csv")
    profile = {column["name"]: column["statistics"] for column in table.profile["columns"]}
    for name in measures:
        assert profile[name]["mean"] == pytest.approx(frame[name].mean())
