"""SQLite: one table of a database file, never a view.

The file is a stranger's, its schema too (a view or a trigger is a program):
SQLite's advice for such files (sqlite.org/security.html) is followed, and
nothing is asked of it but the rows of a table.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb

from newsletter.errors import UnreadableTable
from newsletter.tables.profiling.columns import quoted
from newsletter.tables.reading.encodings import ESCAPED
from newsletter.tables.reading.staging import (
    NULL,
    CellKinds,
    Reading,
    Staging,
    unfit,
    unique_names,
)
from newsletter.tables.reading.table_choice import choose

CAREFUL = ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0")
# What reading a table takes; all else (attaching, loading, writing) is denied.
ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}
DAMAGED = "The database is damaged: make a new copy with `sqlite3 FILE .recover`."


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load a table of ``path``; see ``staging.Reading``. Raises UnreadableTable.

    A rejected row's line is its place in the table.
    """
    try:
        with closing(_open(path)) as database:
            tables = _tables(database)
            if not tables:
                raise UnreadableTable("The database holds no tables: give one with a table.")
            table = choose(tables, options["table"], "The database")
            return _load(connection, database, table, folder, options)
    except sqlite3.Error as error:
        raise UnreadableTable(DAMAGED) from error


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
    for setting in CAREFUL:
        database.execute(f"PRAGMA {setting}")
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    # A text that does not decode rejects its row, not the table.
    database.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    return database


def _tables(database: sqlite3.Connection) -> list[str]:
    """The tables that somebody made: no views, no virtual tables, none of SQLite's own."""
    rows = database.execute("PRAGMA main.table_list").fetchall()
    database.set_authorizer(
        lambda action, *_: sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY
    )
    names = [name for _, name, kind, *_ in rows if kind == "table"]
    return sorted(n for n in names if not (n.startswith("sqlite_") or ESCAPED.search(n)))


def _load(
    connection: duckdb.DuckDBPyConnection,
    database: sqlite3.Connection,
    table: str,
    folder: Path,
    options: Mapping[str, Any],
) -> Reading:
    rows = database.execute(f"SELECT * FROM main.{quoted(table)}")  # noqa: S608
    notes: list[str] = []
    names = unique_names([described[0] for described in rows.description], notes)
    staging, kinds = Staging(folder, names, options), CellKinds()
    bytes_in: set[int] = set()
    for place, row in enumerate(rows, start=1):
        staging.rows_in += 1
        try:
            cells = [_cell(value, at, kinds, bytes_in) for at, value in enumerate(row)]
        except ValueError as error:
            staging.rejections.add(place, str(error))
        else:
            staging.keep(cells)
    staging.show(connection, options["missing_values"])
    notes += [
        f"The column {names[at]} holds bytes: they are written as hexadecimal digits."
        for at in sorted(bytes_in)
    ]
    return Reading(
        columns=[kinds.column(at, name) for at, name in enumerate(names)],
        rows_in=staging.rows_in,
        rejections=staging.rejections,
        notes=notes,
    )


def _cell(value: Any, at: int, kinds: CellKinds, bytes_in: set[int]) -> str:
    """A cell as text. Raises ValueError with the reason why it cannot be kept."""
    if value is None:
        return NULL
    if isinstance(value, int | float):
        kinds.see(at, "number")
        return repr(value)
    kinds.see(at, "other" if isinstance(value, bytes) else "text")
    if isinstance(value, bytes):
        bytes_in.add(at)
        value = value.hex()
    if reason := unfit(value):
        raise ValueError(reason)
    return str(value)
