"""Which database this is, of those that hold the same: what a copy of it does not have."""

import os
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection


def place_of(connection: Connection) -> str:
    """Of SQLite the number of its file, which no other file of the disk has; of PostgreSQL the
    name of the database."""
    if connection.dialect.name != "sqlite":
        name: Any = connection.execute(text("SELECT current_database()")).scalar_one()
        return f"database {name}"
    files = connection.exec_driver_sql("PRAGMA database_list").all()
    path = next(row[2] for row in files if row[1] == "main")
    return f"file {os.stat(path).st_ino}"  # noqa: PTH116 - a text
