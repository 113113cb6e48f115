"""Two files of one table, compared.

By DuckDB on a guarded connection (catalog.shelf), in bounded memory and time:
a million rows take a second or two. What is too large for that is compared by
its columns and its profile alone, and the answer says so.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from newsletter.errors import Invalid
from newsletter.tables.diff import columns as matching
from newsletter.tables.diff.rows import by_all, by_key, sketches
from newsletter.tables.diff.sides import Pair
from newsletter.tables.diff.statistics import moved
from newsletter.tables.diff.values import Change, RowChanges, TableDiff
from newsletter.tables.querying.table_cache import Shelf

SECONDS = 60.0  # for one table


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table to be compared: its Parquet file and what is known of it."""

    path: Path
    columns: Sequence[Mapping[str, Any]]  # {name, type, unit}, in the order of the file
    rows: int
    primary_key: Sequence[str] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)

    @property
    def types(self) -> dict[str, str]:
        return {column["name"]: column["type"] for column in self.columns}

    @property
    def units(self) -> dict[str, str]:
        return {column["name"]: column.get("unit") or "" for column in self.columns}


def compare_tables(
    name: str, before: TableFile, after: TableFile, folder: Path, seconds: float = SECONDS
) -> TableDiff:
    """How ``after`` differs from ``before``; both files lie in ``folder``."""
    shared = {column: column for column in after.types if column in before.types}
    gone = [column for column in before.types if column not in shared]
    come = [column for column in after.types if column not in shared]
    with closing(Shelf(folder, seconds)) as shelf:
        likely = _renamed(shelf, before, after, gone, come)
        same = shared | {new: old for old, new in likely}
        rows, key = _rows(shelf, before, after, same)
    old_types, old_units = before.types, before.units
    return TableDiff(
        name=name,
        rows_before=before.rows,
        rows_after=after.rows,
        added=tuple(column for column in come if column not in same),
        removed=tuple(column for column in gone if column not in same.values()),
        renamed=tuple(Change(new, old, new) for old, new in likely),
        retyped=_changed(same, old_types, after.types),
        units=_changed(same, old_units, after.units),
        key=tuple(key),
        rows=rows,
        moved=moved(same, before.profile, after.profile),
    )


def _renamed(
    shelf: Shelf, before: TableFile, after: TableFile, gone: list[str], come: list[str]
) -> list[tuple[str, str]]:
    if not gone or not come or len(gone) * len(come) > matching.MOST_PAIRS:
        return []
    try:
        with shelf.cursor() as cursor:
            old = sketches(cursor, before.path, gone, matching.SKETCH)
            new = sketches(cursor, after.path, come, matching.SKETCH)
    except Invalid:  # too large: then nothing is proposed
        return []
    return matching.renamed(gone, come, old, new)


def _rows(
    shelf: Shelf, before: TableFile, after: TableFile, same: Mapping[str, str]
) -> tuple[RowChanges | None, Sequence[str]]:
    """The changes of the rows, and the key that they were matched by."""
    old, new = before.types, after.types
    pairs = [Pair((was, old[was]), (name, new[name])) for name, was in same.items()]
    if before.path == after.path and all(pair.before == pair.after for pair in pairs):
        return RowChanges(0, 0), ()
    if not pairs:
        return RowChanges(after.rows, before.rows), ()
    key = after.primary_key or _key_now(before.primary_key, same)
    try:
        with shelf.cursor() as cursor:
            if changes := by_key(cursor, before.path, after.path, pairs, key):
                return changes, key
            return by_all(cursor, before.path, after.path, pairs), ()
    except Invalid:
        return None, ()


def _key_now(key: Sequence[str], same: Mapping[str, str]) -> list[str]:
    """The key of the table before by the names of now; empty if part of it is gone."""
    now = {was: name for name, was in same.items()}
    return [now[column] for column in key] if set(key) <= set(now) else []


def _changed(
    same: Mapping[str, str], before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[Change, ...]:
    return tuple(
        Change(name, before[was], after[name])
        for name, was in same.items()
        if before[was] != after[name]
    )
