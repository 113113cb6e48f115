"""The files of one shape in an archive as one table: their rows below each other, each with the
name of its file.

Each is read by the reader of its own kind, and waits as Parquet. The columns' types are found
over the rows of all of them, by the rules for any table.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb

from newsletter.errors import SeveralTables, UnreadableTable
from newsletter.tables.reading.doubts import Doubt
from newsletter.tables.reading.file_kinds import recognise
from newsletter.tables.reading.readers import reader_of
from newsletter.tables.reading.staging import (
    MAX_LISTED,
    SOURCE,
    Reading,
    Rejections,
    SourceColumn,
    unique_names,
)
from newsletter.tables.reading.types.type_inference import PARQUET
from newsletter.tables.reading.unpack import list_tables, refuse_unfit, take_each

COLUMN = "file"  # the first one, unless the files have one of that name
MOST_FILES = 1000
MOST_NOTES = 50
LONGEST = 60  # characters of a name in a sentence


@dataclass(frozen=True, slots=True)
class _Part:
    """A file as it was read, and the Parquet file with its name and its columns, in the order of
    the first file's; ``types`` are theirs in the database."""

    name: str
    path: Path
    types: tuple[str, ...]
    columns: list[SourceColumn]
    reading: Reading


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load all tables of the archive ``path``; see ``staging.Reading``. Raises UnreadableTable
    where a file does not read, or has other columns than the first."""
    files, note = list_tables(path, options["kind"])
    if len(files) > MOST_FILES:
        raise UnreadableTable(
            f"The archive holds {len(files):,} tables and {MOST_FILES:,} are the most that become"
            " one: join some of them."
        )
    labels = _labels(files)
    unpacked, limit = folder / "unpacked", options["output_bytes"]
    parts: list[_Part] = []
    for file in take_each(path, options["kind"], files, unpacked, limit):
        try:
            parts.append(_part(connection, unpacked, labels[file], options, parts))
        except SeveralTables:
            raise
        except UnreadableTable as error:
            raise UnreadableTable(f"{labels[file][:LONGEST]}: {error}") from error
    unpacked.unlink()
    return _stacked(connection, parts, [note] if note else [])


def _labels(files: Sequence[str]) -> dict[str, str]:
    """What each file is called in its column: without its folders, if that tells them apart."""
    short = {file: PurePosixPath(file).name for file in files}
    return short if len({*short.values()}) == len(files) else {file: file for file in files}


def _part(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    name: str,
    options: Mapping[str, Any],
    before: Sequence[_Part],
) -> _Part:
    kind = recognise(file, name)
    refuse_unfit(kind, name, options["table"])
    # What the first file's columns are called is a header in the others, too.
    known = [column.name for column in before[0].columns] if before else []
    types = {**dict.fromkeys(known), **options["types"]}
    own = {**options, "kind": kind, "types": types}
    return _loaded(connection, file, name, own, before)


def _loaded(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    name: str,
    options: Mapping[str, Any],
    before: Sequence[_Part],
) -> _Part:
    reading: Reading = reader_of(options["kind"])(connection, file, file.parent, options)
    path = file.parent / f"part-{len(before)}.parquet"
    try:
        places = _places(reading.columns, before)
        rows = _write(connection, name, places, path)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        if reading.expected is None:
            raise
        return _loaded(connection, file, name, {**options, "carefully": True}, before)
    finally:
        _drop(connection)
    if reading.expected:
        if reading.expected.result() != rows:
            return _loaded(connection, file, name, {**options, "carefully": True}, before)
        reading = replace(reading, rows_in=rows, expected=None)
    types = connection.read_parquet(str(path)).types
    columns = [reading.columns[place] for place in places]
    return _Part(name, path, tuple(map(str, types)), columns, reading)


def _places(columns: Sequence[SourceColumn], before: Sequence[_Part]) -> list[int]:
    """Where each of the first file's columns stands in this one. Raises UnreadableTable."""
    names = [column.name for column in columns]
    if not before:
        return list(range(len(names)))
    first = before[0]
    known = [column.name for column in first.columns]
    for name in dict.fromkeys([*known, *names]):
        if name not in names or name not in known:
            has, lacks = ("a", "lacks") if name in names else ("no", "has")
            raise UnreadableTable(
                f"It has {has} column {name[:LONGEST]}, which {first.name[:LONGEST]} {lacks}:"
                " stack files of the same columns."
            )
    return [names.index(name) for name in known]


def _write(
    connection: duckdb.DuckDBPyConnection, name: str, places: Sequence[int], path: Path
) -> int:
    """Write ``SOURCE`` to ``path``, the file's name first; returns how many rows it has."""
    cells = "".join(f", c{place} AS c{at}" for at, place in enumerate(places, start=1))
    query = f"SELECT {_literal(name)} AS c0{cells} FROM {SOURCE}"  # noqa: S608
    copied = connection.execute(f"COPY ({query}) TO {_literal(str(path))} ({PARQUET})")
    ((rows,),) = copied.fetchall()
    return int(rows)


def _drop(connection: duckdb.DuckDBPyConnection) -> None:
    for what in ("VIEW", "TABLE"):
        with suppress(duckdb.CatalogException):  # it is the other
            connection.execute(f"DROP {what} IF EXISTS {SOURCE}")


def _stacked(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[_Part], notes: list[str]
) -> Reading:
    """The relation ``SOURCE`` of all parts, in which a column whose type in the database differs
    from file to file is text."""
    first = parts[0]
    same = [len({*types}) == 1 for types in zip(*(part.types for part in parts), strict=True)]
    selected = ", ".join(
        f"c{at}" if is_same else f"CAST(c{at} AS VARCHAR) AS c{at}"
        for at, is_same in enumerate(same)
    )
    queries = []
    for _, group in groupby(parts, key=lambda part: part.types):
        paths = ", ".join(_literal(str(part.path)) for part in group)
        queries.append(f"SELECT {selected} FROM read_parquet([{paths}])")  # noqa: S608
    connection.execute(f"CREATE VIEW {SOURCE} AS {' UNION ALL '.join(queries)}")
    name = unique_names([*(column.name for column in first.columns), COLUMN], [])[-1]
    files = "1 file is" if len(parts) == 1 else f"{len(parts):,} files are"
    notes.append(f"{files} stacked: the column {name} says which one a row is of.")
    columns = [
        _column([part.columns[at] for part in parts], is_same=same[at + 1])
        for at in range(len(first.columns))
    ]
    readings = [part.reading for part in parts]
    encodings = {reading.encoding for reading in readings}
    delimiters = {reading.delimiter for reading in readings}
    return Reading(
        columns=[SourceColumn(name, frozenset()), *columns],
        rows_in=sum(reading.rows_in for reading in readings),
        rejections=_rejections(parts),
        encoding=encodings.pop() if len(encodings) == 1 else None,
        delimiter=delimiters.pop() if len(delimiters) == 1 else None,
        notes=[*notes, *_notes(parts)],
        descriptions={k: v for r in reversed(readings) for k, v in r.descriptions.items()},
    )


def _column(columns: Sequence[SourceColumn], *, is_same: bool) -> SourceColumn:
    """What is known of a column from all files."""
    name, types = columns[0].name, {column.type for column in columns}
    if types != {None}:  # some file says it
        return SourceColumn(name, type=columns[0].type if is_same and len(types) == 1 else None)
    candidates = [c.candidates for c in columns if c.candidates is not None]
    allowed = frozenset.intersection(*candidates) if candidates else None
    return SourceColumn(name, allowed, has_text=any(column.has_text for column in columns))


def _rejections(parts: Sequence[_Part]) -> Rejections:
    listed = [
        (line, f"{reason} ({part.name})")
        for part in parts
        for line, reason in part.reading.rejections.listed
    ]
    return Rejections(sum(part.reading.rejections.count for part in parts), listed[:MAX_LISTED])


def _notes(parts: Sequence[_Part]) -> list[str]:
    """Those of the files, each once and with the files that it is of. No doubt is left out."""
    names: dict[str, list[str]] = {}
    for part in parts:
        for note in part.reading.notes:
            names.setdefault(note, []).append(part.name)
    notes: list[str] = []
    for note, files in names.items():
        more = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
        text = note if len(files) == len(parts) else f"{files[0]}{more}: {note}"
        if isinstance(note, Doubt):
            notes.insert(0, Doubt(text, note.code, note.column))
        elif len(notes) < MOST_NOTES:
            notes.append(text)
    return notes


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
