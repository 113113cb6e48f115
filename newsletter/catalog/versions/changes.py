"""What changed between two versions of a dataset, computed once and kept.

A published version never changes, so neither does what changed between two of
them: the answer lies in storage beside the newer version's file, under a name
made of all that it was computed from. It can be removed at any time.
"""

import hashlib
import json
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
    old = {table.name: table for table in before.tables}
    new = {table.name: table for table in after.tables}
    return Diff(
        before=before.number,
        after=after.number,
        tables=tuple(_table(old[name], new[name], storage) for name in new if name in old),
        tables_added=tuple(name for name in new if name not in old),
        tables_removed=tuple(name for name in old if name not in new),
    )


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


def _table(before: Table, after: Table, storage: Storage) -> TableDiff:
    place = storage.derived(
        after.files["parquet"]["key"],
        _suffix(before, after),
        partial(_write, before=before, after=after, storage=storage),
    )
    return KEPT.validate_json(place.read_bytes())


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
