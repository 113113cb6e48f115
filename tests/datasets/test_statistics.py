"""The profile of every table of the starter catalog, against polars on the rows it serves."""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from newsletter.catalog import datasets
from tests.datasets.conftest import Starter

pytestmark = pytest.mark.xdist_group("starter")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KINDS = {
    pl.Int64: "int",
    pl.Float64: "float",
    pl.Boolean: "bool",
    pl.Date: "date",
    pl.Datetime: "datetime",
}


def tables(starter: Starter, slug: str) -> list[tuple[dict[str, Any], pl.DataFrame]]:
    """Each table's profile, and its rows."""
    with starter.installation.db.read() as session:
        return [
            (
                table.profile,
                pl.read_parquet(starter.installation.storage.path(table.files["parquet"]["key"])),
            )
            for table in datasets.published(session, slug).tables
        ]


def test_a_profile_is_what_polars_computes(starter: Starter, slug: str) -> None:
    for profile, frame in tables(starter, slug):
        assert profile["rows"] == frame.height
        assert profile["approximate"] is False
        assert [column["name"] for column in profile["columns"]] == frame.columns
        for column, values in zip(profile["columns"], frame, strict=True):
            agrees(column, values)


def agrees(column: dict[str, Any], values: pl.Series) -> None:
    """Every statistic of ``column`` is that of ``values``, counted another way."""
    present = values.fill_nan(None).drop_nulls() if values.dtype.is_float() else values.drop_nulls()
    found = column["statistics"]
    gone = len(values) - len(present)
    assert column["nan_count"] == found["nan_count"] == gone
    assert column["nan_proportion"] == found["nan_proportion"] == round(gone / len(values), 5)
    assert column["unique"] == present.n_unique()
    assert column["kind"] == kind_of(values, present)
    if column["kind"] in {"bool", "string_label"}:
        counts = dict(present.value_counts().iter_rows())
        assert found["frequencies"] == {str(value): count for value, count in counts.items()}
        assert found.get("n_unique", len(counts)) == len(counts)
    else:
        numbers_agree(column["kind"], found, measures(present))


def kind_of(values: pl.Series, present: pl.Series) -> str:
    if values.dtype != pl.String:
        return KINDS[values.dtype.base_type()]
    unique = present.n_unique()
    few = unique <= 10 or (unique <= 1000 and unique / len(values) <= 0.2)
    return "string_label" if few else "string_text"


def measures(present: pl.Series) -> pl.Series:
    """Numbers for the values: of text its length, of a moment its days or seconds since 1970."""
    if present.dtype == pl.String:
        return present.str.len_chars().cast(pl.Int64)
    if present.dtype == pl.Date:
        return present.dt.epoch("d").cast(pl.Int64)
    if present.dtype == pl.Datetime:
        return present.dt.epoch("s")
    return present


def numbers_agree(kind: str, found: dict[str, Any], numbers: pl.Series) -> None:
    assert set(found) == {
        "nan_count", "nan_proportion", "min", "max", "mean", "median", "std", "histogram",
    }  # fmt: skip
    unit = 86_400 if kind == "date" else 1
    for name in ("min", "max", "mean", "median", "std"):
        wanted = getattr(numbers, name)()
        if kind not in {"date", "datetime"}:
            assert math.isclose(found[name], wanted, rel_tol=1e-9), name
        elif name == "std":
            assert math.isclose(span(found[name]), wanted * unit, rel_tol=1e-9)
        else:
            assert moment(found[name]) == EPOCH + timedelta(seconds=math.floor(wanted) * unit)
    edges = found["histogram"]["bin_edges"]
    if kind in {"date", "datetime"}:
        edges = [(moment(edge) - EPOCH) // timedelta(seconds=unit) for edge in edges]
    assert 1 <= len(found["histogram"]["hist"]) == len(edges) - 1 <= 10
    assert (edges[0], edges[-1]) == (numbers.min(), numbers.max())
    widths = [high - low for low, high in pairwise(edges)]
    assert max(widths[:-1], default=0) - min(widths[:-1], default=0) <= 1e-9 * max(map(abs, edges))
    if kind != "float":
        assert all(isinstance(edge, int) for edge in edges)
    last = len(edges) - 2
    assert found["histogram"]["hist"] == [
        numbers.is_between(low, high, closed="both" if at == last else "left").sum()
        for at, (low, high) in enumerate(pairwise(edges))
    ]


def span(text: str) -> float:
    """The seconds of a timedelta's text: "104 days, 6:46:33.094163"."""
    days, _, clock = text.rpartition(", ")
    hours, minutes, seconds = map(float, clock.split(":"))
    return int(days.split(" ")[0] if days else 0) * 86_400 + (hours * 60 + minutes) * 60 + seconds


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
