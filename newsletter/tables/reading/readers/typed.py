"""Relations whose file says of itself what each column is: Parquet and Arrow."""

import duckdb

from newsletter.errors import UnreadableTable
from newsletter.tables.profiling.columns import quoted
from newsletter.tables.reading.staging import (
    SOURCE,
    Reading,
    SourceColumn,
    check_width,
    unique_names,
)

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


def load(connection: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation) -> Reading:
    """Make ``SOURCE`` from ``relation``, with its own types where a CSV and a JSON can
    hold them too. Raises UnreadableTable for one without rows."""
    check_width(len(relation.columns))
    notes: list[str] = []
    columns, parts = [], []
    names = unique_names(relation.columns, notes)
    for at, (own, name, kind) in enumerate(
        zip(relation.columns, names, relation.types, strict=True)
    ):
        type_, value = _column(quoted(own), str(kind), name, notes)
        columns.append(SourceColumn(name, type=type_))
        parts.append(f"{value} AS c{at}")
    relation.project(", ".join(parts)).create(SOURCE)
    rows = connection.table(SOURCE).shape[0]
    if rows == 0:
        raise UnreadableTable("The file has columns but no rows: give one with data.")
    return Reading(columns=columns, rows_in=rows, notes=notes)


def _column(value: str, kind: str, name: str, notes: list[str]) -> tuple[str, str]:
    """The column's type in our words, and its value as SQL."""
    if kind.startswith("DECIMAL") and not kind.endswith("]"):
        return ("integer" if kind.endswith(",0)") else "number"), value
    if kind in TYPES:
        return TYPES[kind], value
    if kind.startswith(NESTED) or kind.endswith("]"):
        notes.append(f"The column {name} holds nested values: they are written as JSON text.")
        return "string", f"CAST(to_json({value}) AS VARCHAR)"
    if kind == "BLOB":
        notes.append(f"The column {name} holds bytes: they are written as hexadecimal digits.")
        return "string", f"hex({value})"
    return "string", f"CAST({value} AS VARCHAR)"
