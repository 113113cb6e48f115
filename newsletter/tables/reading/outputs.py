"""The table as CSV and as JSON, and its first rows, from its Parquet file."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from newsletter.tables.profiling.columns import quoted
from newsletter.tables.table_formats import EXACT

TABLE = "data"
PREVIEW_ROWS = 20
# A Parquet file of so many bytes is unpacked once, for all the queries to come; larger
# ones are read by each.
HELD = 48 * 1024**2

Columns = Sequence[tuple[str, str]]


def show_table(connection: duckdb.DuckDBPyConnection, parquet: Path) -> int:
    """Make ``TABLE`` of the file; returns how many rows it has."""
    what = "TABLE" if parquet.stat().st_size <= HELD else "VIEW"
    connection.execute(
        f"CREATE OR REPLACE {what} {TABLE} AS FROM read_parquet('{_literal(parquet)}')"
    )
    (rows,) = connection.execute(f"SELECT count(*) FROM {TABLE}").fetchall()[0]  # noqa: S608
    return int(rows)


def write_csv(connection: duckdb.DuckDBPyConnection, columns: Columns, file: Path) -> None:
    query = f"SELECT {_spelled(connection, columns)} FROM {TABLE}"  # noqa: S608
    options = "FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', NULLSTR ''"
    connection.execute(f"COPY ({query}) TO '{_literal(file)}' ({options})")


def write_json(connection: duckdb.DuckDBPyConnection, columns: Columns, file: Path) -> None:
    """An integer column is one of texts where a program that reads numbers as doubles, such as
    a browser, would change one of them: all of it, so that a column has one type."""
    large = _large(connection, columns)
    query = _finite(f"SELECT {_spelled(connection, columns)} FROM {TABLE}", columns, large)  # noqa: S608
    connection.execute(f"COPY ({query}) TO '{_literal(file)}' (FORMAT json, ARRAY true)")


def preview(connection: duckdb.DuckDBPyConnection, columns: Columns) -> list[list[Any]]:
    """The first rows, fit for JSON."""
    query = f"SELECT {_spelled(connection, columns)} FROM {TABLE} LIMIT {PREVIEW_ROWS}"  # noqa: S608
    rows = connection.execute(_finite(query, columns)).fetchall()
    return [[_plain(cell) for cell in row] for row in rows]


def _spelled(connection: duckdb.DuckDBPyConnection, columns: Columns) -> str:
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


def _large(connection: duckdb.DuckDBPyConnection, columns: Columns) -> set[str]:
    """The columns of integers that are not all exact as doubles."""
    integers = [name for name, type_ in columns if type_ == "integer"]
    if not integers:
        return set()
    tests = ", ".join(
        f"coalesce(max({name}) > {EXACT} OR min({name}) < -{EXACT}, false)"
        for name in map(quoted, integers)
    )
    (answers,) = connection.execute(f"SELECT {tests} FROM {TABLE}").fetchall()  # noqa: S608
    return {name for name, is_large in zip(integers, answers, strict=True) if is_large}


def _finite(query: str, columns: Columns, as_text: Collection[str] = ()) -> str:
    """``query`` with null where JSON has no number, NaN and the infinities, and the columns
    ``as_text`` as texts."""
    parts = []
    for name, type_ in columns:
        column = quoted(name)
        if name in as_text:
            parts.append(f"CAST({column} AS VARCHAR) AS {column}")
            continue
        test = f"CASE WHEN isfinite(CAST({column} AS DOUBLE)) THEN {column} END AS {column}"
        parts.append(test if type_ == "number" else column)
    return f"SELECT {', '.join(parts)} FROM ({query})"  # noqa: S608


def _plain(cell: Any) -> Any:
    if isinstance(cell, date | datetime | time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, Decimal) else cell


def _literal(file: Path) -> str:
    return str(file).replace("'", "''")
