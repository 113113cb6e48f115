"""The tables that one file holds: the one that was chosen, or else all of them."""

import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from newsletter.catalog.package.dataset_package import TablePackage
from newsletter.catalog.package.table_names import part_name
from newsletter.errors import SeveralTables, UnreadableTable
from newsletter.tables.ingest import Ingested, IngestOptions, Watch, ingest, unwatched
from newsletter.tables.reading.table_choice import MOST_AT_ONCE

Found = tuple[TablePackage, Ingested]


@dataclass(frozen=True, slots=True)
class Names:
    """Those of a dataset's other tables."""

    taken: frozenset[str] = frozenset()  # which are not given again
    known: frozenset[str] = frozenset()  # of its earlier versions, which stay

    def and_taken(self, more: Iterable[str]) -> "Names":
        return replace(self, taken=self.taken | frozenset(more))


NAMES = Names()


def read_tables(
    table: TablePackage,
    source: Path,
    folder: Path,
    names: Names = NAMES,
    watch: Watch = unwatched,
) -> Iterator[Found]:
    """Read ``source`` as ``table`` says; if it holds several tables and ``table`` neither
    chooses one nor describes its columns, read each, called as in the file.

    One of several that does not read is left out, and a note of the first one
    says why. Files are written into new folders of ``folder``. Raises UnreadableTable.
    """
    try:
        yield table, _ingest(table, source, folder, watch)
    except SeveralTables as error:
        if table.columns:
            raise
        yield from _read_each(table, source, folder, names, error, watch)


def _read_each(
    table: TablePackage,
    source: Path,
    folder: Path,
    names: Names,
    several: SeveralTables,
    watch: Watch,
) -> Iterator[Found]:
    left: list[str] = []
    parts: list[Found] = []
    waiting = deque(_inside(table.read.table, several))
    while waiting:
        name = waiting.popleft()
        part = _part(table, name, names.and_taken(other.name for other, _ in parts))
        try:
            done = len(parts) + len(left)
            of_all = part_of(watch, done, done + 1 + len(waiting))
            parts.append((part, _ingest(part, source, folder, of_all)))
        except SeveralTables as error:  # a spreadsheet in an archive
            waiting.extendleft(reversed(_inside(name, error)))
        except UnreadableTable as error:
            left.append(f"{name} was left out: {error}")
        if len(parts) > MOST_AT_ONCE:
            raise several
    if not parts:
        raise UnreadableTable(f"{several} None of them reads: {left[0]}")
    (part, first), *rest = parts
    yield part, replace(first, notes=(*first.notes, *left, *_stack_note(parts)))
    yield from rest


def _stack_note(parts: Sequence[Found]) -> list[str]:
    """That there may be one table, where files of an archive have the same columns."""
    files = {read.name for _, read in parts}
    shapes = {frozenset(name for name, _ in read.columns) for _, read in parts}
    if len(files) == 1 or len(shapes) > 1:
        return []
    return [f"These {len(files):,} files have the same columns: `--stack` makes one table of them."]


def part_of(watch: Watch, done: int, count: int) -> Watch:
    """For one of ``count``, of which so many are done."""
    return lambda step, part: watch(step, (done + part) / count)


def _inside(name: str | None, several: SeveralTables) -> list[str]:
    """How the tables are chosen that the one called ``name`` turned out to hold."""
    return [f"{name}/{table}" if name else table for table in several.tables]


def _part(table: TablePackage, name: str, names: Names) -> TablePackage:
    return TablePackage(
        name=part_name(name, names.taken, names.known),
        file=table.file,
        url=table.url,
        sha256=table.sha256,
        bytes=table.bytes,
        missing_values=table.missing_values,
        read=table.read.model_copy(update={"table": name}),
    )


def _ingest(table: TablePackage, source: Path, folder: Path, watch: Watch) -> Ingested:
    read = table.read
    options = IngestOptions(
        types=table.types | read.types,
        missing_values=(*table.missing_values, *read.missing),
        **read.model_dump(exclude={"types", "missing"}),
    )
    return ingest(source, Path(tempfile.mkdtemp(dir=folder)), options, watch)
