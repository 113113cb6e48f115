"""Parquet: DuckDB's own types, kept where a CSV and a JSON can hold them too."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from newsletter.catalog.columns import quoted
from newsletter.catalog.staging import SOURCE, Reading, SourceColumn, check_width, unique_names
from newsletter.errors import UnreadableTable

TYPES = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "datetime",
    "TIMESTAMP_S": "datetime",
    "TIMESTAMP_MS": "datetime",
    "TIMESTAMP_NS": "datetime",
    "TIMESTAMP WITH TIME ZONE": "datetime",
    "FLOAT": "number",
    "DOUBLE": "number",
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), "integer"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"), "integer"),
}
NESTED = ("STRUCT", "MAP", "UNION")


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    try:
        file = connection.from_parquet(str(path))
        check_width(len(file.columns))
        notes: list[str] = []
        columns, parts = [], []
        names = unique_names(file.columns, notes)
        for at, (own, name, kind) in enumerate(zip(file.columns, names, file.types, strict=True)):
            type_, value = _column(quoted(own), str(kind), name, notes)
            columns.append(SourceColumn(name, type=type_))
            parts.append(f"{value} AS c{at}")
        file.project(", ".join(parts)).create(SOURCE)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise UnreadableTable("The file does not read as Parquet: write it again.") from error
    rows = connection.table(SOURCE).shape[0]
    if rows == 0:
        raise UnreadableTable("The file has columns but no rows: give one with data.")
    return Reading(columns=columns, rows_in=rows, notes=notes)


def _column(value: str, kind: str, name: str, notes: list[str]) -> tuple[str, str]:
    """The column's type in our words, and its value as SQL."""
    if kind.startswith("DECIMAL"):
        return ("integer" if kind.endswith(",0)") else "number"), value
    if kind in TYPES:
        return TYPES[kind], value
    if kind.startswith(NESTED) or kind.endswith("]"):
        notes.append(f"The column {name} holds nested values: they are written as JSON text.")
        return "string", f"CAST(to_json({value}) AS VARCHAR)"
    return "string", f"CAST({value} AS VARCHAR)"
