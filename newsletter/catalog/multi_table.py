"""The tables that one file holds: the one that was chosen, or else all of them."""

import tempfile
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from newsletter.catalog.draft import table_name
from newsletter.catalog.package import TablePackage
from newsletter.errors import SeveralTables, UnreadableTable
from newsletter.tables.ingest import Ingested, IngestOptions, ingest
from newsletter.tables.reading.table_choice import MOST_AT_ONCE

Found = tuple[TablePackage, Ingested]


def read_tables(
    table: TablePackage, source: Path, folder: Path, taken: set[str]
) -> Iterator[Found]:
    """Read ``source`` as ``table`` says; if it holds several tables and ``table`` neither
    chooses one nor describes its columns, read each, called as in the file.

    One of several that does not read is left out, and a note of the first one
    says why. Names in ``taken`` are not given again; files are written into
    new folders of ``folder``. Raises UnreadableTable.
    """
    try:
        yield table, _ingest(table, source, folder)
    except SeveralTables as error:
        if table.columns:
            raise
        yield from _read_each(table, source, folder, taken, error)


def _read_each(
    table: TablePackage, source: Path, folder: Path, taken: set[str], several: SeveralTables
) -> Iterator[Found]:
    left: list[str] = []
    parts: list[Found] = []
    names = deque(_inside(table.read.table, several))
    while names:
        name = names.popleft()
        part = _part(table, name, taken | {other.name for other, _ in parts})
        try:
            parts.append((part, _ingest(part, source, folder)))
        except SeveralTables as error:  # a spreadsheet in an archive
            names.extendleft(reversed(_inside(name, error)))
        except UnreadableTable as error:
            left.append(f"{name} was left out: {error}")
        if len(parts) > MOST_AT_ONCE:
            raise several
    if not parts:
        raise UnreadableTable(f"{several} None of them reads: {left[0]}")
    (part, first), *rest = parts
    yield part, replace(first, notes=(*first.notes, *left))
    yield from rest


def _inside(name: str | None, several: SeveralTables) -> list[str]:
    """How the tables are chosen that the one called ``name`` turned out to hold."""
    return [f"{name}/{table}" if name else table for table in several.tables]


def _part(table: TablePackage, name: str, taken: set[str]) -> TablePackage:
    called = wanted = table_name(name)
    number = 1
    while called in taken:
        number += 1
        called = f"{wanted[:90]}-{number}"
    return TablePackage(
        name=called,
        file=table.file,
        url=table.url,
        sha256=table.sha256,
        bytes=table.bytes,
        missing_values=table.missing_values,
        read=table.read.model_copy(update={"table": name}),
    )


def _ingest(table: TablePackage, source: Path, folder: Path) -> Ingested:
    read = table.read
    options = IngestOptions(
        types=table.types | read.types,
        missing_values=(*table.missing_values, *read.missing),
        **read.model_dump(exclude={"types", "missing"}),
    )
    return ingest(source, Path(tempfile.mkdtemp(dir=folder)), options)
