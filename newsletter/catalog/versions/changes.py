"""What changed between two versions of a dataset, computed once and kept.

A published version never changes, so neither does what changed between two of
them: the answer lies in storage beside the newer version's file, under a name
made of all that it was computed from. It can be removed at any time.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from pydantic import TypeAdapter

from newsletter.catalog import datasets
from newsletter.errors import NotFound
from newsletter.models.dataset import Table, Version
from newsletter.storage import Storage
from newsletter.tables.diff import Diff, TableDiff, TableFile, compare_tables

KEPT = TypeAdapter(TableDiff)
FORMAT = "1"  # of what is kept: another one is computed again


def between(before: Version, after: Version, storage: Storage) -> Diff:
    """How ``after`` differs from ``before``; drafts may be compared too."""
    return _diff(before, after, list(compare(before, after, storage)))


def kept(before: Version, after: Version, storage: Storage) -> Diff | None:
    """The same, if all of it was computed before: it costs a stranger's request nothing."""
    places = [_place(*pair) for pair in _in_both(before, after)]
    if not all(storage.exists(place) for place in places):
        return None
    return _diff(before, after, [_read(place, storage) for place in places])


def compare(before: Version, after: Version, storage: Storage) -> Iterator[TableDiff]:
    """Each table that is in both, one after the other; what is not kept is computed now."""
    for old, new in _in_both(before, after):
        yield _table(old, new, storage)


def fingerprint(before: Version, after: Version) -> str:
    """What two versions of a dataset are compared by, as a hash: the same for the same tables."""
    seen = [_suffix(old, new) for old, new in _in_both(before, after)]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]


def since_published(version: Version, storage: Storage) -> Diff | None:
    """How a version differs from the published one before it; None: there is none."""
    before = published_before(version)
    return between(before, version, storage) if before else None


def published_before(version: Version) -> Version | None:
    """The published version that ``version`` follows."""
    published = datasets.published_versions(version.dataset)
    return next((other for other in published if other.id < version.id), None)


def pair(versions: list[Version], before: str, after: str) -> tuple[Version, Version]:
    """Two of ``versions`` by their numbers, the first before the second. Raises NotFound."""
    by_number = {version.number: version for version in versions}
    if before not in by_number or after not in by_number:
        raise NotFound("There is no version of one of these numbers.")
    old, new = by_number[before], by_number[after]
    if old.id >= new.id:
        raise NotFound(f"{after} does not come after {before}.")
    return old, new


def _diff(before: Version, after: Version, tables: list[TableDiff]) -> Diff:
    old, new = ([table.name for table in version.tables] for version in (before, after))
    return Diff(
        before=before.number,
        after=after.number,
        tables=tuple(tables),
        tables_added=tuple(name for name in new if name not in old),
        tables_removed=tuple(name for name in old if name not in new),
    )


def _in_both(before: Version, after: Version) -> list[tuple[Table, Table]]:
    old = {table.name: table for table in before.tables}
    return [(old[table.name], table) for table in after.tables if table.name in old]


def _table(before: Table, after: Table, storage: Storage) -> TableDiff:
    storage.derived(
        after.files["parquet"]["key"],
        _suffix(before, after),
        partial(_write, before=before, after=after, storage=storage),
    )
    return _read(_place(before, after), storage)


def _place(before: Table, after: Table) -> str:
    """The key under which it is kept."""
    key: str = after.files["parquet"]["key"]
    return key + _suffix(before, after)


def _read(key: str, storage: Storage) -> TableDiff:
    with storage.open(key) as file:
        return KEPT.validate_json(file.read())


def _write(
    _source: BinaryIO, target: BinaryIO, before: Table, after: Table, storage: Storage
) -> None:
    old, new = _file(before, storage), _file(after, storage)
    target.write(KEPT.dump_json(compare_tables(after.name, old, new, storage.root)))


def _suffix(before: Table, after: Table) -> str:
    """The end of the name, from a hash of what the comparison sees."""
    seen = [
        FORMAT,
        *([t.name, t.files["parquet"]["key"], t.columns, t.primary_key] for t in (before, after)),
    ]
    digest = hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()
    return f".diff.{digest[:10]}.{digest[10:20]}.{digest[20:30]}.json"


def _file(table: Table, storage: Storage) -> TableFile:
    return TableFile(
        path=storage.path(table.files["parquet"]["key"]),
        columns=table.columns,
        rows=table.rows,
        primary_key=table.primary_key,
        profile=table.profile,
    )
