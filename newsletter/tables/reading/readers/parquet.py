"""Parquet, as DuckDB reads it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.readers import typed
from newsletter.tables.reading.staging import Reading


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    try:
        return typed.load(connection, connection.from_parquet(str(path)))
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise UnreadableTable("The file does not read as Parquet: write it again.") from error
