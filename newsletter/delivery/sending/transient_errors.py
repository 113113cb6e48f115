"""Which of a database's refusals waiting can mend."""

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

# Classes of SQLSTATE: connections, rolled back for others' sake, resources, objects in use,
# an operator's doing, the system; of "invalid transaction state" the one that says read-only.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
ON_POSTGRES = ("08", "40", "53", "55", "57", "58", "25006")
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
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate is not None:
        return str(sqlstate).startswith(ON_POSTGRES)
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in ON_SQLITE
    # The driver's own, such as that it cannot connect.
    return isinstance(error, OperationalError | InterfaceError)


def summary(error: Exception) -> str:
    """What a database's error says, without what it quotes from a row."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return str(error.orig).partition("\n")[0]
    return type(error).__name__
