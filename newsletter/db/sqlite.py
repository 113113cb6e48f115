"""SQLite, set up to be trusted: a journal beside the file, a write lock that is taken at once."""

import sqlite3
from collections.abc import Mapping
from functools import partial
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, create_engine, event
from sqlalchemy.engine import Connection, Engine

BUSY_SECONDS = 60
BUSY_SECONDS_OF_SENDER = 0.05  # its event loop stands still for so long
NEXT_TRY = 0.002  # seconds until one that waits for the write lock asks again


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
        event.listen(made, "begin", partial(_begin_sqlite, busy_seconds))
    return made


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would come too late
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(busy_seconds: float, connection: Connection) -> None:
    if connection.get_execution_options().get("immediate", False):
        _take_write_lock(connection, busy_seconds)
    else:
        connection.exec_driver_sql("BEGIN")


def _take_write_lock(connection: Connection, busy_seconds: float) -> None:
    """Begin a transaction that writes. SQLite itself waits longer and longer between two tries, up
    to a tenth of a second, and meanwhile who sends takes the lock a dozen times."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA busy_timeout=0")
    try:
        ends = monotonic() + busy_seconds
        while monotonic() < ends:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:  # of its kinds any
                    break
            sleep(NEXT_TRY)
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # whose error is SQLAlchemy's
    finally:
        driver.execute(f"PRAGMA busy_timeout={round(1000 * busy_seconds)}")
