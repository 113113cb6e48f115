"""Two files of one table, compared; beside an independent computation with polars."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.tables.diff import TableFile, compare_tables
from newsletter.tables.diff.values import Change, RowChanges, TableDiff
from newsletter.tables.profiling.profile import profile_table
from tests.examples import examples

TYPES = {pl.Int64: "integer", pl.Float64: "number", pl.String: "string", pl.Boolean: "boolean"}


def kept(
    folder: Path,
    frame: pl.DataFrame,
    name: str,
    key: tuple[str, ...] = (),
    units: dict[str, str] | None = None,
) -> TableFile:
    path = folder / f"{name}.parquet"
    columns = [(column, TYPES[type(type_)]) for column, type_ in frame.schema.items()]
    with duckdb.connect() as connection:
        connection.from_arrow(frame.to_arrow()).create("t")
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")  # as catalog.ingest writes it
        profile = profile_table(connection, "t", columns)
    described = [
        {"name": column, "type": type_, "unit": (units or {}).get(column)}
        for column, type_ in columns
    ]
    return TableFile(path, described, frame.height, key, profile)


def compared(
    folder: Path, before: dict[str, Any], after: dict[str, Any], key: tuple[str, ...] = ()
) -> TableDiff:
    old = kept(folder, pl.DataFrame(before), "before", key)
    return compare_tables("t", old, kept(folder, pl.DataFrame(after), "after", key), folder)


def test_the_same_file_has_no_changes(tmp_path: Path) -> None:
    table = kept(tmp_path, pl.DataFrame({"a": [1, 2]}), "one")
    assert compare_tables("t", table, table, tmp_path) == TableDiff("t", 2, 2)


def test_rows_of_the_same_key_are_compared_cell_by_cell(tmp_path: Path) -> None:
    before = {"id": [1, 2, 3, 4], "a": ["x", "y", None, "w"], "b": [1.0, 2.0, 3.0, float("nan")]}
    after = {"id": [2, 3, 4, 5], "a": ["y", "z", "w", "v"], "b": [2.5, 3.0, None, 5.0]}
    found = compared(tmp_path, before, after, ("id",))
    assert found.rows == RowChanges(added=1, removed=1, changed=2, columns=(("a", 1), ("b", 1)))
    assert found.key == ("id",)
    assert found.breaks


@pytest.mark.parametrize("ids", [[1, 1, 2], [1, None, 2]], ids=["twice", "missing"])
def test_what_is_no_key_is_not_matched_by(tmp_path: Path, ids: list[int | None]) -> None:
    found = compared(tmp_path, {"id": ids}, {"id": [*ids, 9]}, ("id",))
    assert found.key == ()
    assert found.rows == RowChanges(added=1, removed=0)


def test_a_row_that_is_there_twice_more_was_added_twice(tmp_path: Path) -> None:
    found = compared(tmp_path, {"a": [1, 1, 2, None]}, {"a": [1, 1, 1, 1, None, None]})
    assert found.rows == RowChanges(added=3, removed=1)


def test_the_order_of_rows_and_columns_is_no_change(tmp_path: Path) -> None:
    before = {"a": [1, 2, 3], "b": ["x", "y", "z"]}
    found = compared(tmp_path, before, {"b": ["z", "x", "y"], "a": [3, 1, 2]})
    assert not found.adds
    assert not found.breaks


def test_columns_come_and_go(tmp_path: Path) -> None:
    before = {"id": [1, 2], "weather": ["dry", "wet"]}
    after = {"id": [1, 2], "price": [9.5, 7.25]}
    found = compared(tmp_path, before, after, ("id",))
    assert (found.added, found.removed, found.renamed) == (("price",), ("weather",), ())
    assert found.rows == RowChanges(0, 0)


def test_a_column_of_like_name_and_values_was_renamed_it_seems(tmp_path: Path) -> None:
    lengths = [6650, 6400, 6300, 6275, 5539, 5464]
    after = {"length_km": [*lengths[:5], 5465], "id": range(6)}
    found = compared(tmp_path, {"id": range(6), "length": lengths}, after, ("id",))
    assert found.renamed == (Change("length_km", "length", "length_km"),)
    assert found.rows == RowChanges(0, 0, changed=1, columns=(("length_km", 1),))
    assert (found.added, found.removed) == ((), ())


def test_two_booleans_are_not_taken_for_each_other(tmp_path: Path) -> None:
    found = compared(tmp_path, {"sold": [True, False]}, {"rainy": [False, True]})
    assert found.renamed == ()


def test_types_and_units_that_changed_are_named(tmp_path: Path) -> None:
    before = kept(tmp_path, pl.DataFrame({"id": [1, 2], "m": [3, 4]}), "b", units={"m": "kg"})
    after = kept(tmp_path, pl.DataFrame({"id": ["1", "2"], "m": [3.0, 4.5]}), "a", units={"m": "g"})
    found = compare_tables("t", before, after, tmp_path)
    assert found.retyped == (Change("id", "integer", "string"), Change("m", "integer", "number"))
    assert found.units == (Change("m", "kg", "g"),)
    assert found.rows == RowChanges(added=1, removed=1)  # 3 is 3.0


def test_statistics_that_moved_are_told(tmp_path: Path) -> None:
    found = compared(tmp_path, {"a": [1, 2, 3]}, {"a": [1, 2, None]})
    moved: dict[str, tuple[Any, Any]] = {
        move.statistic: (move.before, move.after) for move in found.moved
    }
    assert moved["max"] == (3, 2)
    assert moved["missing"] == (0, 1)
    assert "min" not in moved


def test_names_of_columns_are_only_names(tmp_path: Path) -> None:
    hostile = {'a"; DROP TABLE t; --': [1, 2], "c0": [3, 4], "here": [5, 6], "?": [7, 8]}
    after = hostile | {"here": [5, 7]}
    found = compared(tmp_path, hostile, after, ('a"; DROP TABLE t; --',))
    assert found.rows == RowChanges(0, 0, changed=1, columns=(("here", 1),))


def test_nothing_in_common_is_all_gone_and_all_new(tmp_path: Path) -> None:
    found = compared(tmp_path, {"a": [1, 2, 3]}, {"zz": ["x", "y"]})
    assert found.rows == RowChanges(added=2, removed=3)


def test_what_is_too_large_is_compared_by_its_columns_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.tables.querying.table_cache.MEMORY", "16MB")
    before, after = range(500_000), range(1, 500_001)
    found = compared(tmp_path, {"a": before}, {"a": after, "b": after})
    assert found.rows is None
    assert found.breaks
    assert found.added == ("b",)


CELLS = {
    "id": st.integers(0, 30),
    "n": st.none() | st.integers(-3, 3),
    "x": st.none() | st.sampled_from([0.0, -0.0, 1.5, float("nan"), float("inf"), 1e300]),
    "s": st.none() | st.sampled_from(["", "a", "A", "é", "'", '"', "a\nb", "\x1f"]),
    "t": st.none() | st.booleans(),
}
SCHEMA = {"id": pl.Int64, "n": pl.Int64, "x": pl.Float64, "s": pl.String, "t": pl.Boolean}
ROWS = st.lists(st.fixed_dictionaries(CELLS), max_size=12)
UNIQUE = st.lists(st.fixed_dictionaries(CELLS), max_size=12, unique_by=lambda row: row["id"])


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA).with_columns(pl.col("x").fill_nan(None))


@settings(deadline=None, max_examples=examples(40))
@given(before=UNIQUE, after=UNIQUE)
def test_by_key_it_agrees_with_polars(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    old, new = frame(before), frame(after)
    both = old.join(new, on="id", suffix="_new")
    differing = {
        name: both.filter(pl.col(name).ne_missing(pl.col(f"{name}_new")))["id"].to_list()
        for name in ("n", "x", "s", "t")
    }
    expected = RowChanges(
        added=new.join(old, on="id", how="anti").height,
        removed=old.join(new, on="id", how="anti").height,
        changed=len(set().union(*differing.values())),
        columns=tuple((name, len(ids)) for name, ids in differing.items() if ids),
    )
    assert _compared_rows(before, after, ("id",)) == expected


@settings(deadline=None, max_examples=examples(40))
@given(before=ROWS, after=ROWS)
def test_without_a_key_it_agrees_with_a_count_of_rows(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    old, new = (Counter(frame(rows).rows()) for rows in (before, after))
    expected = RowChanges((new - old).total(), (old - new).total())
    assert _compared_rows(before, after, ()) == expected


def _compared_rows(
    before: list[dict[str, Any]], after: list[dict[str, Any]], key: tuple[str, ...]
) -> RowChanges | None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        old, new = (pl.DataFrame(rows, schema=SCHEMA) for rows in (before, after))
        old_file, new_file = kept(folder, old, "before", key), kept(folder, new, "after", key)
        return compare_tables("t", old_file, new_file, folder).rows
