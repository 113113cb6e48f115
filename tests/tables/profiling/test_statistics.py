"""The statistics of each type of column against numpy and plain Python, on whatever comes."""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.tables.profiling.profile import profile_table
from newsletter.tables.profiling.statistics import BINS
from tests.examples import examples
from tests.tables.profiling.test_profile import close, profiled

some = settings(max_examples=examples(60), deadline=None)
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (as the columns, which have no zone)
SPAN = re.compile(r"(?:(?P<days>-?\d+) days?, )?(?P<h>\d+):(?P<m>\d+):(?P<s>\d+(?:\.\d+)?)")


def columns_of(values: st.SearchStrategy[Any], **more: Any) -> st.SearchStrategy[list[Any]]:
    """Columns of such values, some of them missing: empty, of one value, constant, all missing."""
    constant = st.tuples(values, st.integers(1, 12)).map(lambda it: [it[0]] * it[1])
    missing = st.integers(1, 12).map(lambda count: [None] * count)
    return st.lists(st.none() | values, max_size=40, **more) | constant | missing


def described(values: list[Any], dtype: Any) -> dict[str, Any]:
    (only,) = profiled(pl.DataFrame({"a": pl.Series(values, dtype=dtype)}))["columns"]
    present = [value for value in values if value is not None]
    lost = len(values) - len(present)
    assert only["nan_count"] == only["statistics"]["nan_count"] == lost
    assert only["nan_proportion"] == (round(lost / len(values), 5) if values else 0.0)
    return dict(only)


def expect_histogram(histogram: dict[str, Any] | None, measures: Sequence[Any]) -> list[Any]:
    """At most ten bins, left-closed but for the last, each with what is in it."""
    if not measures:
        assert histogram is None
        return []
    assert histogram is not None
    counts, edges = histogram["hist"], histogram["bin_edges"]
    assert 1 <= len(counts) == len(edges) - 1 <= BINS
    assert (edges[0], edges[-1]) == (min(measures), max(measures))
    starts = edges[:-1]
    assert starts == sorted(set(starts))
    wanted = Counter(bisect_right(starts, measure) - 1 for measure in measures)
    assert counts == [wanted[at] for at in range(len(starts))]
    return list(edges)


def expect_lengths(found: dict[str, Any], lengths: list[int]) -> None:
    """``found`` has the numeric set over lengths."""
    edges = expect_histogram(found["histogram"], lengths)
    assert all(isinstance(edge, int) for edge in edges)
    if lengths:
        numbers = np.array(lengths, dtype=float)
        assert (found["min"], found["max"]) == (min(lengths), max(lengths))
        assert close(found["mean"], float(numbers.mean()))
        assert close(found["median"], float(np.median(numbers)))
    wanted = float(np.std(lengths, ddof=1)) if len(lengths) > 1 else None
    assert (
        found["std"] is None if wanted is None else math.isclose(found["std"], wanted, abs_tol=1e-9)
    )


@some
@given(columns_of(st.booleans()))
def test_booleans_are_counted(values: list[bool | None]) -> None:
    found = described(values, pl.Boolean)
    wanted = Counter(str(value) for value in values if value is not None)
    assert found["kind"] == "bool"
    assert found["statistics"]["frequencies"] == dict(wanted)
    assert found["unique"] == len(wanted)


@some
@given(columns_of(st.sampled_from(["a", "A", " a", "", "ä", "NA", "a,b", '"', "🐧", "a\nb"])))
@example(["x"])
def test_labels_are_counted_the_commonest_first(values: list[str | None]) -> None:
    found = described(values, pl.String)
    wanted = Counter(value for value in values if value is not None)
    assert found["kind"] == "string_label"
    frequencies = found["statistics"]["frequencies"]
    assert frequencies == dict(wanted)
    assert list(frequencies.values()) == sorted(wanted.values(), reverse=True)
    assert found["statistics"]["n_unique"] == found["unique"] == len(wanted)


@some
@given(
    st.lists(st.text(max_size=30), min_size=BINS + 1, max_size=40, unique=True),
    st.lists(st.none(), max_size=5),
)
def test_texts_are_measured_by_their_characters(texts: list[str], missing: list[None]) -> None:
    found = described([*texts, *missing], pl.String)
    assert found["kind"] == "string_text"
    assert found["unique"] == len(texts)
    expect_lengths(found["statistics"], [len(text) for text in texts])


@some
@given(columns_of(st.lists(st.none() | st.integers(-9, 9), max_size=15)))
def test_lists_are_measured_by_what_they_hold(values: list[list[int] | None]) -> None:
    found = described(values, pl.List(pl.Int64))
    present = [value for value in values if value is not None]
    assert found["kind"] == "list"
    assert found["unique"] == len({tuple(value) for value in present})
    expect_lengths(found["statistics"], [len(value) for value in present])


@some
@given(columns_of(st.datetimes()))
@example([datetime(1, 1, 1), datetime.max])  # noqa: DTZ001, DTZ901
@example([datetime(1969, 12, 31, 23, 59, 59, 999_999), EPOCH])  # noqa: DTZ001
def test_datetimes_are_measured_in_whole_seconds(values: list[datetime | None]) -> None:
    found = described(values, pl.Datetime("us"))
    present = [value for value in values if value is not None]
    assert found["kind"] == "datetime"
    assert found["unique"] == len(set(present))
    seconds = [(value - EPOCH) // timedelta(seconds=1) for value in present]
    expect_moments(found["statistics"], seconds, _seconds)


@some
@given(columns_of(st.dates()))
@example([date.min, date.max])
def test_dates_are_measured_in_days(values: list[date | None]) -> None:
    found = described(values, pl.Date)
    present = [value for value in values if value is not None]
    assert found["kind"] == "date"
    assert found["unique"] == len(set(present))
    expect_moments(found["statistics"], [(v - EPOCH.date()).days for v in present], _days, 86_400)


@some
@given(columns_of(st.times()))
@example([time.min, time.max])
def test_times_are_measured_in_seconds_since_midnight(values: list[time | None]) -> None:
    found = described(values, pl.Time)
    present = [value for value in values if value is not None]
    assert found["kind"] == "time"
    assert found["unique"] == len(set(present))
    seconds = [(v.hour * 60 + v.minute) * 60 + v.second for v in present]
    expect_moments(found["statistics"], seconds, _clock)


def _seconds(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(seconds=1)


def _days(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH.date()).days


def _clock(text: str) -> int:
    return (datetime.combine(EPOCH, time.fromisoformat(text)) - EPOCH) // timedelta(seconds=1)


def expect_moments(found: dict[str, Any], measures: list[int], read: Any, unit: int = 1) -> None:
    """``found`` has the numeric set over ``measures``, written as moments that ``read`` reads;
    ``unit`` is the seconds of one."""
    histogram = found["histogram"]
    if histogram:
        histogram = {**histogram, "bin_edges": [read(edge) for edge in histogram["bin_edges"]]}
    expect_histogram(histogram, measures)
    if not measures:
        assert [found[name] for name in ("min", "max", "mean", "median", "std")] == [None] * 5
        return
    assert (read(found["min"]), read(found["max"])) == (min(measures), max(measures))
    numbers = np.array(measures, dtype=float)
    # A mean is written down to the whole one below it, which rounding may make another.
    assert abs(read(found["mean"]) - math.floor(numbers.mean())) <= 1
    assert abs(read(found["median"]) - math.floor(np.median(numbers))) <= 1
    if len(measures) == 1:
        assert found["std"] is None
    else:
        wanted = float(np.std(numbers, ddof=1)) * unit
        assert math.isclose(_length(found["std"]), wanted, rel_tol=1e-6, abs_tol=2e-3 * unit)


def _length(text: str) -> float:
    """The seconds of a written timedelta."""
    match = SPAN.fullmatch(text)
    assert match is not None, text
    days, hours, minutes = (int(match[name] or 0) for name in ("days", "h", "m"))
    return days * 86_400 + hours * 3_600 + minutes * 60 + float(match["s"])


HUGE = 10**38 - 1


@some
@given(columns_of(st.integers(-HUGE, HUGE)))
@example([HUGE, -HUGE])
@example([HUGE])
@example([2**63, -(2**63) - 1, 0])
def test_integers_of_38_digits_are_counted_to_the_last(values: list[int | None]) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (a DECIMAL(38, 0))")
        if values:
            rows = [[None if value is None else Decimal(value)] for value in values]
            connection.executemany("INSERT INTO t VALUES (?)", rows)
        (found,) = profile_table(connection, "t", [("a", "integer")])["columns"]
    present = [value for value in values if value is not None]
    assert found["nan_count"] == len(values) - len(present)
    assert found["unique"] == len(set(present))
    expect_histogram(found["statistics"]["histogram"], present)
    if present:
        assert (found["statistics"]["min"], found["statistics"]["max"]) == (
            min(present),
            max(present),
        )
        mean = math.fsum(present) / len(present)
        largest = max(map(abs, present))
        assert math.isclose(found["statistics"]["mean"], mean, abs_tol=1e-9 * largest)


@some
@given(columns_of(st.floats()))
@example([math.inf, -math.inf])
@example([math.nan, None])
@example([5e-324, -5e-324, 0.0, -0.0])
@example([1.7e308, -1.7e308])
def test_floats_leave_out_what_is_not_finite(values: list[float | None]) -> None:
    (found,) = profiled(pl.DataFrame({"a": pl.Series(values, dtype=pl.Float64)}))["columns"]
    present = [value for value in values if value is not None and not math.isnan(value)]
    finite = [value for value in present if math.isfinite(value)]
    assert found["nan_count"] == len(values) - len(present)
    assert found["unique"] == len(set(present))
    expect_histogram(found["statistics"]["histogram"], finite)
    infinite = [alert for alert in found["alerts"] if alert["code"] == "infinite"]
    assert bool(infinite) == (len(finite) < len(present))


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Kathmandu"])
def test_a_zone_moves_no_moment(zone: str | None) -> None:
    moments = [datetime(2026, 3, 29, hour, 30, tzinfo=UTC) for hour in range(3)]
    series = pl.Series(moments).dt.convert_time_zone(zone or "UTC")
    if zone is None:
        series = series.dt.replace_time_zone(None)
    (found,) = profiled(pl.DataFrame({"a": series}))["columns"]
    assert found["statistics"]["min"] == "2026-03-29 00:30:00"
    assert found["statistics"]["max"] == "2026-03-29 02:30:00"
