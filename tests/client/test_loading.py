"""A table from a newsletter over real HTTP, as pandas and polars have it."""

import math
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from pandas.testing import assert_frame_equal

from dataset_daily import NoSuchTable, NotInstalled, Unusable, load, pandas_frames
from tests.client.conftest import Served

LONG = 123456789012345678901234567890


def test_pandas_keeps_the_types(served: Served) -> None:
    kinds = load("kinds", version="1.0.0")
    assert isinstance(kinds, pd.DataFrame)
    assert {name: str(dtype) for name, dtype in kinds.dtypes.items()} == {
        "word": "str",
        "count": "Int64",
        "exact": "float64",
        "long": "object",
        "tame": "boolean",
        "day": "datetime64[us]",
        "moment": "datetime64[us]",
        "stamp": "datetime64[us, UTC]",
        "clock": "object",
        "note": "str",
    }
    assert list(kinds["word"]) == ["NA", "nan", "Åse", "null"]
    assert list(kinds["count"].dropna()) == [1, 2**53 + 1, -(2**63)]
    assert list(kinds["exact"][:3]) == [0.1, -1e-300, math.inf]
    assert list(kinds["long"].dropna()) == [LONG, -1, 7]
    assert list(kinds["tame"].dropna()) == [True, False, True]
    assert kinds["day"][1] == datetime(1, 1, 1)  # noqa: DTZ001 (a day has no zone)
    assert kinds["moment"][1].microsecond == 123456
    assert kinds["stamp"][0] == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert kinds["clock"][1] == time(23, 59, 59, 500_000)
    assert kinds["note"][1] == "two\nlines"
    assert list(kinds.isna().sum()) == [0, 1, 1, 1, 1, 1, 1, 1, 1, 1]


def test_pandas_has_the_same_without_a_reader_of_parquet(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_parquet = load("kinds")
    monkeypatch.setattr(pandas_frames, "FORMATS", ("csv",))
    assert_frame_equal(load("kinds"), from_parquet)
    assert [path.rpartition(".")[2] for path in served.requested if "/kinds." in path] == [
        "parquet",
        "csv",
    ]


def test_polars_keeps_the_types(served: Served) -> None:
    kinds = load("kinds", version="1.0.0", using="polars")
    assert isinstance(kinds, pl.DataFrame)
    assert dict(kinds.schema) == {
        "word": pl.String,
        "count": pl.Int64,
        "exact": pl.Float64,
        "long": pl.Decimal(38, 0),
        "tame": pl.Boolean,
        "day": pl.Date,
        "moment": pl.Datetime("us"),
        "stamp": pl.Datetime("us", "UTC"),
        "clock": pl.Time,
        "note": pl.String,
    }
    assert kinds["long"][0] == Decimal(LONG)
    assert kinds["day"][1] == date(1, 1, 1)
    assert kinds["count"].null_count() == 1


def test_whole_columns_are_plain_ones(served: Served) -> None:
    assert str(load("world", table="cities")["cities"].dtype) == "int64"


@pytest.mark.parametrize("formats", [("parquet",), ("csv",)])
def test_a_missing_value_alone_in_its_row_is_a_row(
    formats: tuple[str, ...], served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pandas_frames, "FORMATS", formats)
    assert list(load("lonely")["value"].fillna(-1)) == [1, -1, 3]


def test_the_newest_version_is_loaded_or_the_one_that_is_named(served: Served) -> None:
    for using in ("pandas", "polars"):
        assert len(load("kinds", using=using)) == 5
        assert len(load("kinds", version="1.0.0", using=using)) == 4
    assert "/datasets/kinds/v/1.1.0/kinds.parquet" in served.requested
    assert "/datasets/kinds/v/1.0.0/kinds.parquet" in served.requested


def test_the_site_that_is_given_goes_before_that_of_the_environment(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_SITE", "http://127.0.0.1:1")
    assert len(load("lonely", site=f"{served.address}/")) == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("kind",), "has no dataset 'kind': did you mean kinds?"),
        (("Lonley",), "has no dataset 'Lonley': did you mean lonely?"),
        (("zzzzzz",), "has no dataset 'zzzzzz': datasets() lists those there are."),
        (("../admin",), "has no dataset '../admin': datasets() lists those there are."),
        (("kinds", None, "2.0.0"), "kinds has no version 2.0.0: the newest is 1.1.0."),
        (("kinds", None, "../1.0.0"), "kinds has no version ../1.0.0: the newest is 1.1.0."),
        (("world",), "world has 2 tables: choose table='countries' or table='cities'."),
        (
            ("world", "rivers"),
            "world 1.0.0 has no table 'rivers': choose table='countries' or table='cities'.",
        ),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    arguments: tuple[Any, ...], sentence: str, served: Served
) -> None:
    with pytest.raises(NoSuchTable) as refusal:
        load(*arguments)
    assert str(refusal.value).endswith(sentence)


def test_no_newsletter_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEWSLETTER_SITE", raising=False)
    with pytest.raises(Unusable, match="set NEWSLETTER_SITE to its address"):
        load("kinds")


def test_another_library_is_refused(served: Served) -> None:
    with pytest.raises(Unusable, match="choose one of pandas, polars, python"):
        load("kinds", using="os")  # type: ignore[call-overload]
    assert served.requested == []


def test_a_library_that_is_not_there_is_named(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "polars")
    with pytest.raises(NotInstalled, match=r"run pip install polars, or leave out using='polars'"):
        load("kinds", using="polars")
    assert served.requested == []


@pytest.mark.parametrize(
    ("missing", "type_"),
    [([], pd.DataFrame), (["pandas"], pl.DataFrame), (["pandas", "polars"], list)],
)
def test_who_names_no_library_gets_the_first_that_is_installed(
    missing: list[str], type_: type, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, *missing)
    assert type(load("lonely")) is type_


def without(monkeypatch: pytest.MonkeyPatch, *libraries: str) -> None:
    for library in libraries:
        monkeypatch.setitem(sys.modules, library, None)


def test_the_cache_is_where_the_platform_has_it(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("lonely")
    kept = [path for path in (tmp_path / "cache" / "dataset-daily").rglob("*") if path.is_file()]
    assert sorted(path.suffix for path in kept) == [".json", ".parquet"]
