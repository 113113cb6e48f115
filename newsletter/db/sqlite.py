"""SQLite, set up to be trusted: a journal beside the file, a write lock that is taken at once."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, create_engine, event
from sqlalchemy.engine import Connection, Engine

BUSY_SECONDS = 60
BUSY_SECONDS_OF_SENDER = 0.05  # its event loop stands still for so long


def engine(url: URL, for_sender: bool, options: Mapping[str, Any]) -> Engine:
    """No connection makes the file: what is run in a wrong folder leaves no database there.
    ``options``: of SQLAlchemy; with an isolation level, a transaction is begun by nobody."""
    existing = url.set(
        database=f"file:{quote(str(url.database))}",
        query={**url.query, "uri": "true", "mode": "rw"},
    )
    busy_seconds = BUSY_SECONDS_OF_SENDER if for_sender else BUSY_SECONDS
    arguments = {"timeout": busy_seconds}
    made = create_engine(existing, connect_args=arguments, **options)
    event.listen(made, "connect", _prepare_sqlite)
    if "isolation_level" not in options:
        event.listen(made, "begin", _begin_sqlite)
    return made


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would come too late
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
