"""The child process that reads a stranger's file: ``python -m newsletter.tables.reading.worker``.

A request comes as JSON on stdin (see ``ingest``), the answer goes as JSON to
stdout: ``{"read": {...}}`` or ``{"refused": "a sentence"}``. The process takes
its limits before it touches the file, gives way to those who serve readers, runs in
a private folder that its parent made, and dies with a signal or a status when a limit is
reached.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from newsletter.errors import MissingExtra, SeveralTables, UnreadableTable
from newsletter.tables import duckdb_sandbox, sandbox
from newsletter.tables.profiling.alerts import by_harm
from newsletter.tables.profiling.profile import profile_table
from newsletter.tables.reading.file_kinds import recognise
from newsletter.tables.reading.gauge import PROFILING, READING, TYPING, Gauge
from newsletter.tables.reading.outputs import (
    HELD,
    TABLE,
    Columns,
    preview,
    show_table,
    write_csv,
    write_json,
)
from newsletter.tables.reading.readers import reader_of
from newsletter.tables.reading.readers.cell_changes import CellChanges
from newsletter.tables.reading.staging import STAGED, Reading, hold_text, release_text
from newsletter.tables.reading.table_alerts import table_alerts
from newsletter.tables.reading.types.type_inference import write_typed
from newsletter.tables.reading.types.type_trials import WIDE
from newsletter.tables.reading.types.typist import Marks
from newsletter.tables.reading.unpack import OPENERS, decompress, refuse_unfit, take_out

THREADS = 2
NICE = 10
# Addresses beyond what DuckDB may hold: the interpreter, stacks, buffers, of which a
# table of 2,000 columns reserves a gigabyte and uses a third.
OVERHEAD = 2 * 1024**3
Copy = Callable[[duckdb.DuckDBPyConnection, Columns, Path], None]
COPIES: Mapping[str, Copy] = {"csv": write_csv, "json": write_json}  # of the Parquet file


def main() -> None:
    request = sandbox.read_request()
    os.nice(NICE)
    limits = request["limits"]
    memory = limits["memory_bytes"] + OVERHEAD
    sandbox.limit(memory, limits["seconds"], THREADS, limits["output_bytes"])
    answer: dict[str, Any]
    try:
        answer = {"read": parse(request)}
    except SeveralTables as error:
        answer = {"refused": str(error), "tables": error.tables}
    except (MissingExtra, UnreadableTable) as error:
        answer = {"refused": str(error)}
    except (MemoryError, duckdb.OutOfMemoryException):
        answer = {"refused": _too_large(request["limits"])}
    json.dump(answer, sys.stdout, ensure_ascii=False, allow_nan=False, default=_number)


def parse(request: Mapping[str, Any]) -> dict[str, Any]:
    """Read the table that ``request`` names, and write ``table.parquet`` and the other
    formats that it asks for into the folder.

    Raises UnreadableTable.
    """
    folder = Path(request["folder"])
    gauge = Gauge(folder)
    with gauge.kept():
        return _parsed(request, folder, gauge)


def _parsed(request: Mapping[str, Any], folder: Path, gauge: Gauge) -> dict[str, Any]:
    limits = request["limits"]
    unpacked = _unpacked(request, folder, limits["output_bytes"])
    options = {**request["options"], "kind": unpacked.kind, "table": unpacked.table}
    options["output_bytes"] = limits["output_bytes"]
    changes = CellChanges(options)
    options["changes"] = None if changes.are_none else changes
    connection = _connect(folder, limits)
    table = _typed(connection, unpacked.path, folder, options, gauge)
    reading, columns = table.reading, table.columns
    size = unpacked.path.stat().st_size
    gauge.step(PROFILING, lambda: _written_part(folder, size))
    with ThreadPoolExecutor(1) as writer:  # what one of the two leaves idle the other takes
        copies = {name: write for name, write in COPIES.items() if name in request["formats"]}
        written = writer.submit(_write, connection.cursor(), folder, columns, copies)
        profile = profile_table(connection, TABLE, columns)
        written.result()
    notes = [*unpacked.notes, *reading.notes, *changes.notes(), *table.notes]
    rejected = reading.rejections.count
    of_table = table_alerts(connection, TABLE, columns, table.rows, rejected, notes)
    profile["alerts"] = by_harm([*of_table, *profile["alerts"]])
    return {
        "kind": unpacked.kind,
        "name": unpacked.name,
        "encoding": reading.encoding,
        "delimiter": reading.delimiter,
        "rows_in": reading.rows_in,
        "rows_kept": table.rows,
        "rows_rejected": rejected,
        "rejected": reading.rejections.listed,
        "columns": columns,
        "units": table.units,
        "descriptions": reading.descriptions,
        "profile": profile,
        "preview": preview(connection, columns),
        "notes": notes,
    }


@dataclass(frozen=True, slots=True)
class _Typed:
    """The relation ``TABLE``, and how it came about."""

    reading: Reading
    columns: list[tuple[str, str]]
    rows: int
    notes: list[str]
    units: dict[str, str]


def _typed(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    folder: Path,
    options: Mapping[str, Any],
    gauge: Gauge,
) -> _Typed:
    """Write ``table.parquet`` and make ``TABLE`` of it. Raises UnreadableTable."""
    gauge.step(READING, lambda: _staged_part(folder, source))
    reading = reader_of(options["kind"])(connection, source, folder, options)
    if options["changes"]:
        reading = options["changes"].of_reading(reading)
    may_be_comma = reading.delimiter not in {None, ","}
    marks = Marks(options["decimal"], may_be_comma, options.get("date_order"))
    file = folder / "table.parquet"
    rows = None
    gauge.step(TYPING, lambda: _part_of_query(connection))
    try:
        if len(reading.columns) > WIDE and _size(source) <= HELD:
            hold_text(connection)
        columns, notes, units = write_typed(
            connection, reading.columns, options["types"], marks, file
        )
        release_text(connection)
        rows = show_table(connection, file)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        if reading.expected is None:
            raise
    expected = reading.expected.result() if reading.expected else rows
    if rows is None or rows != expected:
        return _typed(connection, source, folder, {**options, "carefully": True}, gauge)
    if reading.expected:
        reading = replace(reading, rows_in=rows, expected=None)
    rejected = reading.rejections.count
    if reading.rows_in != rows + rejected:
        raise UnreadableTable(
            f"{reading.rows_in:,} rows came in but {rows:,} were kept and"
            f" {rejected:,} rejected: report this as a defect."
        )
    (folder / STAGED).unlink(missing_ok=True)
    return _Typed(reading, columns, rows, notes, units)


def _staged_part(folder: Path, source: Path) -> float:
    return _size(folder / STAGED) / max(_size(source), 1)


def _written_part(folder: Path, size: int) -> float:
    """Of the copies, which take longer than the profile: JSON is twice as large."""
    return sum(_size(folder / f"table.{name}") for name in COPIES) / max(3 * size, 1)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _part_of_query(connection: duckdb.DuckDBPyConnection) -> float:
    return connection.query_progress() / 100  # below 0 where it is not known


def _connect(folder: Path, limits: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    memory, spill = f"{limits['memory_bytes']}B", f"{limits['output_bytes']}B"
    return duckdb_sandbox.connect(folder, memory, THREADS, spill)


@dataclass(frozen=True, slots=True)
class _Found:
    """The table's file in the folder."""

    path: Path
    name: str  # what it was called
    kind: str
    table: str | None  # which one of it is wanted
    notes: list[str]


def _unpacked(request: Mapping[str, Any], folder: Path, limit: int) -> _Found:
    source, name = folder / "source", request["name"]
    table, notes = request["options"]["table"], list[str]()
    try:
        os.link(request["source"], source)
    except OSError:  # on another file system, or not ours to link
        shutil.copyfile(request["source"], source)
    kind = request["options"]["kind"] or recognise(source, name)
    is_zip = kind == "zip"
    if kind in OPENERS:
        packed, source = source, folder / "decompressed"
        name = decompress(packed, name, kind, source, limit)
        kind = recognise(source, name)
    is_archive = is_zip or kind == "tar"  # a compressed tar is one archive; all else would be two
    if request["options"].get("stack"):
        if not is_archive:
            raise UnreadableTable(
                f"The file {name[:60]} is no archive of files to stack: pack them as zip or tar."
            )
        return _Found(source, name, kind, table, notes)
    if is_archive:
        packed, source = source, folder / "unpacked"
        taken = take_out(packed, kind, table, source, limit)
        packed.unlink()
        name, table = taken.name, taken.table
        notes += [taken.note] if taken.note else []
        kind = recognise(source, name)
    refuse_unfit(kind, name, table)
    return _Found(source, name, kind, table, notes)


def _write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    columns: Sequence[tuple[str, str]],
    copies: Mapping[str, Copy],
) -> None:
    for name, write in copies.items():
        write(connection, columns, folder / f"table.{name}")


def _number(value: object) -> int | float:
    """A statistic of a column of long decimals, as a JSON number."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} cannot be written as JSON")
    return int(value) if value == value.to_integral_value() else float(value)


def _too_large(limits: Mapping[str, Any]) -> str:
    megabytes = limits["memory_bytes"] // 1024**2
    return f"The table needs more memory than the limit of {megabytes:,} MB: give a smaller one."


if __name__ == "__main__":
    main()
