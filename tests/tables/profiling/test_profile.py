"""The profile against polars, which computes the same statistics on its own."""

import json
import math
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.tables.profiling import aggregate_queries, profile
from newsletter.tables.profiling.profile import profile_table
from tests.examples import examples

TYPES = {
    pl.String: "string",
    pl.Int64: "integer",
    pl.Float64: "number",
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Datetime: "datetime",
    pl.Time: "time",
    pl.List: "list",
}

INT64 = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(width=64)
# Far from where a sum of squares overflows: there polars and DuckDB both give up.
TAME = st.floats(-1e100, 1e100)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def profiled(frame: pl.DataFrame) -> dict[str, Any]:
    with duckdb.connect() as connection:
        connection.register("given", frame.to_arrow())  # which only this connection sees
        connection.execute("CREATE TABLE frame AS FROM given")
        types = [(name, TYPES[dtype.base_type()]) for name, dtype in frame.schema.items()]
        found = profile_table(connection, "frame", types)
    json.dumps(found, allow_nan=False)  # whatever comes in, the profile is JSON
    return found


def column(**values: Any) -> dict[str, Any]:
    (only,) = profiled(pl.DataFrame(values))["columns"]
    return dict(only)


def close(found: float | None, wanted: float | None) -> bool:
    if found is None or wanted is None or not math.isfinite(wanted):
        return found is None
    return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-300)


def expect_numbers(found: dict[str, Any], values: pl.Series) -> None:
    """``found`` has the numeric set of ``values``, which has no null and no NaN."""
    assert found["min"] == values.min()
    assert found["max"] == values.max()
    assert close(found["mean"], math.fsum(values) / len(values))
    assert close(found["median"], values.median())  # type: ignore[arg-type]
    assert close(found["std"], values.std())  # type: ignore[arg-type]


def expect_histogram(histogram: dict[str, Any], values: pl.Series) -> None:
    hist, edges = histogram["hist"], histogram["bin_edges"]
    assert len(hist) == len(edges) - 1 <= 10
    assert (edges[0], edges[-1]) == (values.min(), values.max())
    assert sum(hist) == len(values)
    for count, low, high in zip(hist[:-1], edges, edges[1:], strict=False):
        assert count == sum(low <= value < high for value in values)


@settings(max_examples=examples(40), deadline=None)
@example([0.0, -5e-324])
@example([0.0, 0.0, 3.933366085834339e-162])
@given(st.lists(st.none() | TAME, min_size=1, max_size=60))
def test_it_agrees_with_polars_on_floats(values: list[float | None]) -> None:
    found = column(x=pl.Series(values, dtype=pl.Float64))["statistics"]
    present: Any = pl.Series(values, dtype=pl.Float64).drop_nulls()  # of any type, to its stubs
    assert found["nan_count"] == len(values) - len(present)
    if len(present) == 0:
        assert (found["min"], found["std"], found["histogram"]) == (None, None, None)
        return
    assert found["min"] == present.min()
    assert found["max"] == present.max()
    # Below the smallest normal number a float has fewer digits to agree in.
    scale = max(sys.float_info.min, *(abs(value) for value in present))
    assert math.isclose(found["median"], present.median(), rel_tol=1e-9, abs_tol=scale * 1e-12)
    assert math.isclose(
        found["mean"], math.fsum(present) / len(present), rel_tol=1e-9, abs_tol=scale * 1e-12
    )
    if len(present) > 1:
        squared = max(scale, math.sqrt(sys.float_info.min))  # below it, squares have fewer digits
        assert math.isclose(found["std"], present.std(), rel_tol=1e-6, abs_tol=squared * 1e-7)
    expect_histogram(found["histogram"], present)


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.none() | st.integers(-(2**40), 2**40), min_size=1, max_size=60))
def test_it_agrees_with_polars_on_integers(values: list[int | None]) -> None:
    found = column(x=pl.Series(values, dtype=pl.Int64))
    present = pl.Series(values, dtype=pl.Int64).drop_nulls()
    assert found["unique"] == present.n_unique()
    if len(present):
        expect_numbers(found["statistics"], present)
        expect_histogram(found["statistics"]["histogram"], present)
        widths = np.diff(found["statistics"]["histogram"]["bin_edges"][:-1])
        assert len(set(widths.tolist())) <= 1


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | INT64, st.none() | FLOATS, st.none() | st.booleans(), st.none() | st.text(),
            st.none() | st.dates(), st.none() | st.datetimes(), st.none() | st.times(),
        ),
        max_size=25,
    )
)  # fmt: skip
def test_it_never_fails_and_counts_what_is_missing(rows: list[tuple[Any, ...]]) -> None:
    schema = {
        "i": pl.Int64, "f": pl.Float64, "b": pl.Boolean, "s": pl.String,
        "d": pl.Date, "dt": pl.Datetime, "t": pl.Time,
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    found = profiled(frame)
    assert found["rows"] == len(rows)
    for described, series in zip(found["columns"], frame.fill_nan(None), strict=True):
        assert described["nan_count"] == series.null_count()
        assert described["unique"] == series.drop_nulls().n_unique()


def test_it_counts_nan_as_missing_and_leaves_infinity_out() -> None:
    found = column(x=[1.0, 3.0, math.nan, math.inf, -math.inf, None])
    assert found["nan_count"] == 2
    assert found["nan_proportion"] == 0.33333
    assert found["statistics"]["max"] == 3.0
    assert found["statistics"]["histogram"]["bin_edges"][-1] == 3.0
    assert [alert["code"] for alert in found["alerts"]] == ["infinite"]


def test_it_puts_a_value_on_an_edge_into_the_bin_above_it() -> None:
    found = column(x=[float(value) for value in range(11)])["statistics"]["histogram"]
    assert found["hist"] == [1, 1, 1, 1, 1, 1, 1, 1, 1, 2]


def test_it_guards_numbers_too_large_to_square() -> None:
    found = column(x=[1e308, -1e308, 1.5e308, 0.0])["statistics"]
    assert found["min"] == -1e308
    assert found["std"] is None
    assert sum(found["histogram"]["hist"]) == 4


def test_it_spans_all_of_int64() -> None:
    found = column(x=[-(2**63), 2**63 - 1, 0])["statistics"]
    assert (found["min"], found["max"]) == (-(2**63), 2**63 - 1)
    assert sum(found["histogram"]["hist"]) == 3


@pytest.mark.parametrize(
    ("values", "hist"), [([5, 5, 5], [3]), ([5.5, 5.5], [2]), (["ab"] * 3, None)]
)
def test_it_guards_a_constant_column(values: list[Any], hist: list[int] | None) -> None:
    found = column(x=values)["statistics"]
    assert (found["histogram"]["hist"] if hist else None) == hist
    assert hist is None or found["std"] == 0.0


def test_it_gives_no_deviation_to_a_single_row() -> None:
    found = column(x=[7])["statistics"]
    assert (found["min"], found["median"], found["std"]) == (7, 7.0, None)


def test_it_describes_a_table_without_rows() -> None:
    found = profiled(pl.DataFrame(schema={"a": pl.Int64, "b": pl.String}))
    assert found["rows"] == 0
    assert [column["nan_proportion"] for column in found["columns"]] == [0.0, 0.0]
    assert found["alerts"] == []


@pytest.mark.parametrize(
    ("unique", "rows", "kind"),
    [
        (10, 10, "string_label"),
        (11, 54, "string_text"),
        (11, 55, "string_label"),
        (1000, 5000, "string_label"),
        (1001, 6000, "string_text"),
    ],
)
def test_it_tells_labels_from_text(unique: int, rows: int, kind: str) -> None:
    found = column(x=[f"value {at % unique}" for at in range(rows)])
    assert found["kind"] == kind
    assert found["unique"] == unique


def test_it_counts_labels_with_the_commonest_first() -> None:
    found = column(x=["b", "a", "b", None, ""])
    assert found["statistics"] == {
        "nan_count": 1,
        "nan_proportion": 0.2,
        "n_unique": 3,
        "frequencies": {"b": 2, "": 1, "a": 1},
    }
    assert next(iter(found["statistics"]["frequencies"])) == "b"


def test_it_does_not_print_a_novel_as_a_label() -> None:
    assert column(x=["word " * 100] * 20)["kind"] == "string_text"


def test_it_measures_text_and_lists_by_length() -> None:
    words = [f"{'é' * (at % 12)}{at}" for at in range(60)]
    expect_numbers(column(x=words)["statistics"], pl.Series([len(word) for word in words]))
    lists = [[1] * (at % 5) for at in range(20)]
    found = column(x=lists)
    assert found["kind"] == "list"
    expect_numbers(found["statistics"], pl.Series([len(values) for values in lists]))


def test_it_counts_booleans() -> None:
    found = column(x=[True, False, True, None])["statistics"]
    assert found["frequencies"] == {"True": 2, "False": 1}


def test_it_writes_datetimes_as_text() -> None:
    moments = [datetime(2020, 1, day, 12, 30, tzinfo=UTC) for day in (1, 2, 4)]
    found = column(x=moments)["statistics"]
    assert found["min"] == "2020-01-01 12:30:00"
    assert found["median"] == "2020-01-02 12:30:00"
    assert found["mean"] == "2020-01-02 20:30:00"
    seconds = pl.Series([moment.timestamp() for moment in moments]).std()
    assert found["std"] == str(timedelta(seconds=seconds))  # type: ignore[arg-type]
    assert len(found["histogram"]["bin_edges"]) == len(found["histogram"]["hist"]) + 1
    assert found["histogram"]["bin_edges"][-1] == "2020-01-04 12:30:00"


def test_it_writes_dates_and_times_in_their_own_form() -> None:
    found = column(x=[date(1749, 1, 1), date(2008, 5, 6)])
    assert found["kind"] == "date"
    assert (found["statistics"]["min"], found["statistics"]["max"]) == ("1749-01-01", "2008-05-06")
    found = column(x=[time(9, 0), time(17, 30)])
    assert found["kind"] == "time"
    assert found["statistics"]["mean"] == "13:15:00"


def test_what_was_read_as_text_is_text() -> None:
    days = ["01/02/2021", "03/04/2021", "05/06/2021"] * 5

    assert column(x=days)["kind"] == "string_label"


def test_it_leaves_moments_beyond_the_year_9999_out(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(
        "CREATE TABLE far AS SELECT unnest(['infinity', '2000-01-01', '5000000-01-01',"
        " '0044-03-15 (BC)'])::DATE AS day"
    )
    (found,) = profile_table(connection, "far", [("day", "date")])["columns"]
    assert (found["statistics"]["min"], found["statistics"]["max"]) == ("2000-01-01", "2000-01-01")
    assert found["nan_count"] == 0
    assert "3 values infinite" in found["alerts"][0]["message"]


def test_it_reads_the_hour_of_an_aware_datetime_in_utc(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("SET GLOBAL TimeZone = 'Asia/Tokyo'")
    connection.execute("CREATE TABLE aware AS SELECT TIMESTAMPTZ '2020-01-01 00:00:00+02' AS at")
    (found,) = profile_table(connection, "aware", [("at", "datetime")])["columns"]
    assert found["statistics"]["min"] == "2019-12-31 22:00:00"


@pytest.mark.parametrize(
    "name", ['"; DROP TABLE t; --', "'", "v0", "m1", "a b", "x\ny", "select", 'quo""te', "é{}%s?"]
)
def test_it_quotes_whatever_a_column_is_called(
    connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    connection.execute(f'CREATE TABLE "od""d" AS SELECT 1 AS {quoted}, \'a\' AS other')
    found = profile_table(connection, 'od"d', [(name, "integer"), ("other", "string")])
    assert found["columns"][0]["name"] == name
    assert found["columns"][0]["statistics"]["max"] == 1


def test_it_estimates_beyond_the_exact_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "EXACT_ROWS", 1_000)
    frame = pl.DataFrame({"x": range(2_000), "s": [f"s{at % 1500}" for at in range(2_000)]})
    found = profiled(frame)
    assert found["approximate"] is True
    assert found["columns"][0]["statistics"]["max"] == 1_999
    assert found["columns"][0]["statistics"]["median"] == pytest.approx(999.5, rel=0.05)
    assert found["columns"][1]["unique"] == pytest.approx(1_500, rel=0.1)
    assert profiled(frame.head(10))["approximate"] is False


def test_it_profiles_a_table_wider_than_one_select() -> None:
    found = profiled(pl.DataFrame({f"c{at}": [at, at + 1] for at in range(300)}))
    assert [column["statistics"]["min"] for column in found["columns"]] == list(range(300))


def test_it_works_where_nothing_outside_may_be_touched() -> None:
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS x, 'a' AS s FROM range(100)")
        connection.execute("SET lock_configuration = true")
        found = profile_table(connection, "t", [("x", "integer"), ("s", "string")])
    assert found["columns"][0]["statistics"]["max"] == 99


def test_a_wide_table_has_the_profile_of_a_narrow_one(monkeypatch: pytest.MonkeyPatch) -> None:
    day, moment = date(2024, 1, 31), datetime(2024, 1, 31, 12, tzinfo=UTC)
    values: dict[str, list[Any]] = {
        "int": [1, 1, None, -999, 0, 8_000],
        "large": [2**62, 2**63 - 1, -(2**63), None, 0, 1],
        "float": [0.5, float("nan"), None, float("inf"), -3.25, 1e-9],
        "label": ["a", "b", "a", None, "a", "b"],
        "text": ["ann@example.org", "12", "N/A", "+1 555 010 9999", "", "x" * 300],
        "bool": [True, None, False, True, True, None],
        "date": [day, None, day + timedelta(400), date(1900, 1, 1), day, day],
        "datetime": [moment, None, *[moment - timedelta(20_000, microseconds=1)] * 4],
        "time": [time(1), None, time(23, 59, 59), time(1), time(2), time(3)],
        "list": [["a"], [], None, ["a", "b"], ["c"], ["d"]],
        "empty": [None] * 6,
    }  # fmt: skip
    types = {"empty": pl.String, "float": pl.Float64}
    series = [
        pl.Series(f"{name}_{copy}", cells, dtype=types.get(name), strict=False)
        for copy in range(7)
        for name, cells in values.items()
    ]
    wide = profiled(pl.DataFrame(series))
    monkeypatch.setattr(aggregate_queries, "WIDE", 1_000)
    assert wide == profiled(pl.DataFrame(series))
