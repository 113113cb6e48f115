"""When the database is away: which of its refusals waiting can mend, and what is said of it."""

import logging
import sqlite3
import threading

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from newsletter import clock

log = logging.getLogger(__name__)

SETTLED_SECONDS = 5.0  # after the last refusal; who waits tries again sooner

# Classes of SQLSTATE: connections, rolled back for others' sake, resources, objects in use,
# an operator's doing, the system; of "invalid transaction state" the one that says read-only.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
ON_POSTGRES = ("08", "40", "53", "55", "57", "58", "25006")
AWAY = ("08", "57P")
# https://www.sqlite.org/rescode.html, without what extends a code.
ON_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_SCHEMA,
}


def is_transient(error: Exception) -> bool:
    """Whether the same may succeed later: the database is locked, full, restarting, away."""
    if is_away(error):
        return True
    if not isinstance(error, DBAPIError):
        return False
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate is not None:
        return str(sqlstate).startswith(ON_POSTGRES)
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in ON_SQLITE


def is_away(error: Exception) -> bool:
    """Whether there is no database to talk to, whatever it was asked."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate is not None:
        return str(sqlstate).startswith(AWAY)
    # The driver's own, such as that it cannot connect; SQLite's have a code.
    is_from_sqlite = getattr(error.orig, "sqlite_errorcode", None) is not None
    return not is_from_sqlite and isinstance(error, OperationalError | InterfaceError)


def summary(error: Exception) -> str:
    """What a database's error says, without what it quotes from a row."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return str(error.orig).partition("\n")[0]
    return type(error).__name__


class OutageLog:
    """Says that the database is away once, however many wait for it, and that it is back."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._noted_at = 0.0
        self._lock = threading.Lock()

    def note(self, reason: str) -> None:
        """It does not answer, or refuses for now."""
        with self._lock:
            self._noted_at = clock.steady()
            if self._began is not None:
                return
            self._began = self._noted_at
        log.warning("waiting for the database: %s", reason, extra={"event": "database_away"})

    def end(self) -> None:
        """It has answered. It may refuse others still: so it is back once nobody waits."""
        if self._began is None or clock.steady() - self._noted_at < SETTLED_SECONDS:
            return
        with self._lock:
            began, self._began = self._began, None
        if began is not None:
            seconds = clock.steady() - began
            event = {"event": "database_back"}
            log.warning("the database answers again, after %.0f s", seconds, extra=event)


outage = OutageLog()  # a process has one database
