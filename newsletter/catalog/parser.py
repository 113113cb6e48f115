"""The child process that reads a stranger's file: ``python -m newsletter.catalog.parser``.

A request comes as JSON on stdin (see ``ingest``), the answer goes as JSON to
stdout: ``{"read": {...}}`` or ``{"refused": "a sentence"}``. The process takes
its limits before it touches the file, runs in a private folder that its
parent made, and dies with a signal or a status when a limit is reached.

DuckDB's documentation says that SQL and files are assumed trusted; so it has
no network, no extension, no file outside of the folder, and no way to change that.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb

from newsletter.catalog import child
from newsletter.catalog.columns import quoted
from newsletter.catalog.inference import TABLE, Marks, type_columns
from newsletter.catalog.kinds import recognise
from newsletter.catalog.profile import profile_table
from newsletter.catalog.staging import Reading
from newsletter.catalog.unpack import ARCHIVES, OPENERS, decompress, take_out
from newsletter.errors import SeveralTables, UnreadableTable

PREVIEW_ROWS = 20
THREADS = 2
# Address space beyond what DuckDB may hold: the interpreter, stacks, buffers.
OVERHEAD = 1024**3
PACKED = {*OPENERS, *ARCHIVES}
HOLDERS = {"xlsx", "xlsb", "xls", "ods", "sqlite"}  # kinds of which a table is chosen
# The module of ``readers`` for each kind of file.
READERS = {
    "delimited": "delimited",
    "json": "records",
    "ndjson": "records",
    "parquet": "parquet",
    "sqlite": "database",
    **dict.fromkeys(("arrow", "arrows", "feather"), "arrow"),
    **dict.fromkeys(("xlsx", "xlsb", "xls", "ods"), "spreadsheet"),
}


def main() -> None:
    request = json.load(sys.stdin)
    limits = request["limits"]
    memory = limits["memory_bytes"] + OVERHEAD
    child.limit(memory, limits["seconds"], THREADS, limits["output_bytes"])
    answer: dict[str, Any]
    try:
        answer = {"read": parse(request)}
    except SeveralTables as error:
        answer = {"refused": str(error), "tables": error.tables}
    except UnreadableTable as error:
        answer = {"refused": str(error)}
    except (MemoryError, duckdb.OutOfMemoryException):
        answer = {"refused": _too_large(request["limits"])}
    json.dump(answer, sys.stdout, ensure_ascii=False, allow_nan=False, default=_number)


def parse(request: Mapping[str, Any]) -> dict[str, Any]:
    """Read the table that ``request`` names, and write ``table.*`` into the folder.

    Raises UnreadableTable.
    """
    folder, limits = Path(request["folder"]), request["limits"]
    found = _unpacked(request, folder, limits["output_bytes"])
    options = {**request["options"], "kind": found.kind, "table": found.table}
    connection = _connect(folder, limits)
    reading = _reader(found.kind)(connection, found.path, folder, options)
    notes = [*found.notes, *reading.notes]
    marks = Marks(options["decimal"], may_be_comma=reading.delimiter not in {None, ","})
    columns = type_columns(connection, reading.columns, options["types"], marks, notes)
    rows_kept = connection.table(TABLE).shape[0]
    if reading.rows_in != rows_kept + reading.rejections.count:
        raise UnreadableTable(
            f"{reading.rows_in:,} rows came in but {rows_kept:,} were kept and"
            f" {reading.rejections.count:,} rejected: report this as a defect."
        )
    _write(connection, folder, columns)
    return {
        "kind": found.kind,
        "name": found.name,
        "encoding": reading.encoding,
        "delimiter": reading.delimiter,
        "rows_in": reading.rows_in,
        "rows_kept": rows_kept,
        "rows_rejected": reading.rejections.count,
        "rejected": reading.rejections.listed,
        "columns": columns,
        "profile": profile_table(connection, TABLE, columns),
        "preview": _preview(connection, columns),
        "notes": notes,
    }


def _connect(folder: Path, limits: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    place = str(folder).replace("'", "''")
    for setting in (
        f"memory_limit = '{limits['memory_bytes']}B'",
        f"threads = {THREADS}",
        f"temp_directory = '{place}/spill'",
        f"max_temp_directory_size = '{limits['output_bytes']}B'",
        "TimeZone = 'UTC'",
        "allow_community_extensions = false",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        f"allowed_directories = ['{place}/']",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")
    return connection


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
    if is_zip or kind == "tar":  # a compressed tar is one archive; all else would be two
        packed, source = source, folder / "unpacked"
        taken = take_out(packed, kind, table, source, limit)
        packed.unlink()
        name, table = taken.name, taken.table
        notes += [taken.note] if taken.note else []
        kind = recognise(source, name)
    if kind in PACKED:
        raise UnreadableTable("It is an archive inside an archive: pack the table once.")
    if table is not None and kind not in HOLDERS:
        raise UnreadableTable(f"The file {name[:60]} holds one table: do not choose {table!r}.")
    return _Found(source, name, kind, table, notes)


def _reader(kind: str) -> Callable[..., Reading]:
    # Loaded when its kind comes: start-up is most of the time that a small table takes.
    module = import_module(f"newsletter.catalog.readers.{READERS[kind]}")
    read: Callable[..., Reading] = module.read
    return read


def _write(
    connection: duckdb.DuckDBPyConnection, folder: Path, columns: Sequence[tuple[str, str]]
) -> None:
    place = str(folder).replace("'", "''")
    text = f"SELECT {_spelled(connection, columns)} FROM {TABLE}"  # noqa: S608
    for query, file, options in (
        (f"FROM {TABLE}", "table.parquet", "FORMAT parquet, COMPRESSION zstd"),
        (text, "table.csv", "FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', NULLSTR ''"),
        (_finite(text, columns), "table.json", "FORMAT json, ARRAY true"),
    ):
        connection.execute(f"COPY ({query}) TO '{place}/{file}' ({options})")


def _spelled(connection: duckdb.DuckDBPyConnection, columns: Sequence[tuple[str, str]]) -> str:
    """The columns with datetimes as ISO 8601: with T, and Z where they have a zone."""
    parts = []
    for (name, type_), sql_type in zip(columns, connection.table(TABLE).types, strict=True):
        column = quoted(name)
        if type_ == "datetime":
            zoned = str(sql_type) == "TIMESTAMP WITH TIME ZONE"
            plain = f"({column} AT TIME ZONE 'UTC')" if zoned else column
            column = f"replace(CAST({plain} AS VARCHAR), ' ', 'T')" + (" || 'Z'" if zoned else "")
        parts.append(f"{column} AS {quoted(name)}")
    return ", ".join(parts)


def _finite(query: str, columns: Sequence[tuple[str, str]]) -> str:
    """``query`` with null where JSON has no number: NaN and the infinities."""
    parts = []
    for name, type_ in columns:
        column = quoted(name)
        test = f"CASE WHEN isfinite(CAST({column} AS DOUBLE)) THEN {column} END AS {column}"
        parts.append(test if type_ == "number" else column)
    return f"SELECT {', '.join(parts)} FROM ({query})"  # noqa: S608


def _preview(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[tuple[str, str]]
) -> list[list[Any]]:
    query = f"SELECT {_spelled(connection, columns)} FROM {TABLE} LIMIT {PREVIEW_ROWS}"  # noqa: S608
    rows = connection.execute(_finite(query, columns)).fetchall()
    return [[_plain(cell) for cell in row] for row in rows]


def _plain(cell: Any) -> Any:
    if isinstance(cell, date | datetime | time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, Decimal) else cell


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
