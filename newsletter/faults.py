"""What somebody can mend at this machine or its database: each such error as one sentence that
says what is wrong and what to do. Command line, processes and doctor say the same."""

import errno
import logging
import os
import pwd
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from newsletter.errors import NewsletterError
from newsletter.outages import is_away, summary

RESTORE = "stop all that runs and restore the newest backup (`newsletter db restore FILE`)"
ROOM = "make room there, or move what lies there to a larger disk"
OWNER = "run this as the user whose it is"

# https://www.sqlite.org/rescode.html, without what extends a code.
ON_SQLITE: Mapping[int, str] = {
    sqlite3.SQLITE_CORRUPT: f"The database is damaged: {RESTORE}.",
    sqlite3.SQLITE_NOTADB: "The file of the database is damaged, or is no database: see "
    f"DATABASE_URL, or {RESTORE}.",
    sqlite3.SQLITE_FULL: f"The disk of the database is full: {ROOM}.",
    sqlite3.SQLITE_READONLY: "The database cannot be written to: see that its folder belongs to "
    f"this user and its disk is not read-only, or {OWNER}.",
    sqlite3.SQLITE_CANTOPEN: "The database cannot be opened: see that its folder and the files "
    f"beside it belong to this user and its disk is not read-only, or {OWNER}.",
    sqlite3.SQLITE_PERM: f"The database may not be opened: {OWNER}.",
    sqlite3.SQLITE_IOERR: "The disk of the database does not read or write: look at the "
    "system's log, and whether it is full.",
    sqlite3.SQLITE_BUSY: "The database is locked by another process: see what runs, and try again.",
}
# Classes of SQLSTATE, the longest that fits counts.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
ON_POSTGRES: Mapping[str, str] = {
    "28": "The database server does not let us in: correct the user and password in DATABASE_URL",
    "3D000": "The database server has no such database: make it, or correct DATABASE_URL",
    "42501": "The user of DATABASE_URL may not do that in the database: make it the owner",
    "53100": "The disk of the database server is full: make room there",
    "53300": "The database server takes no more connections: see what else uses it",
    "25006": "The database server is read-only: see that DATABASE_URL names the primary",
    "58": "The database server's disk does not read or write: look at its log",
    "XX001": f"The database is damaged: {RESTORE}",
    "XX002": "An index of the database is damaged: run REINDEX DATABASE",
}
LETS_NOBODY_IN = ("authentication failed", "no pg_hba.conf entry", "no password supplied")


def sentence(error: BaseException) -> str | None:
    """``error`` in one line that says what to do; None: nobody can mend it but in the program."""
    if isinstance(error, NewsletterError):
        return str(error)
    if isinstance(error, DBAPIError):
        return _of_database(error)
    if isinstance(error, sqlite3.Error):  # of the task engine's own file
        return _of_sqlite(error)
    if isinstance(error, OSError) and error.errno not in (None, errno.EPIPE):
        return _of_system(error)
    return None


def log_failure(
    log: logging.Logger, what: str, error: Exception, extra: Mapping[str, object]
) -> None:
    """What failed: in one line where somebody can mend it, else with the way to the error."""
    known = sentence(error)
    if known is None:
        log.error("%s", what, exc_info=error, extra=extra)
    else:
        log.error("%s: %s", what, known, extra=extra)


def _of_database(error: DBAPIError) -> str | None:
    if isinstance(error.orig, sqlite3.Error):
        return _of_sqlite(error.orig)
    reason = summary(error)
    sqlstate = str(getattr(error.orig, "sqlstate", None) or "")
    for known in sorted(ON_POSTGRES, key=len, reverse=True):
        if sqlstate.startswith(known):
            return f"{ON_POSTGRES[known]} ({reason})."
    if any(words in reason for words in LETS_NOBODY_IN):  # the driver has no code for it then
        return f"{ON_POSTGRES['28']} ({reason})."
    if "FATAL" in reason and "does not exist" in reason:
        return f"{ON_POSTGRES['3D000']} ({reason})."
    if is_away(error):
        return f"The database server does not answer: start it, or correct DATABASE_URL ({reason})."
    return None


def _of_sqlite(error: sqlite3.Error) -> str | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    if "malformed" in str(error):  # its schema is read before it is used, under a general code
        code = sqlite3.SQLITE_CORRUPT
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:  # there is no room for the file that it shares
        code = sqlite3.SQLITE_FULL
    return ON_SQLITE.get(code & 0xFF)


def _of_system(error: OSError) -> str:
    place = "" if error.filename is None else str(error.filename)
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"The disk is full{f' ({place})' if place else ''}: {ROOM}."
        case errno.EROFS:
            return f"{place or 'The disk'} is read-only: mount it to be written to."
        case errno.EACCES | errno.EPERM:
            return f"{place or 'A file'} may not be used by {user()}{_whose(place)}: {OWNER}."
        case errno.EIO:
            return f"{place or 'The disk'} does not read or write: look at the system's log."
    return f"{place}: {error.strerror}." if place else f"{error.strerror}."


def user() -> str:
    """The name of whom this process runs as."""
    with suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name
    return f"user {os.geteuid()}"


def _whose(place: str) -> str:
    """Of the nearest folder that may be looked at."""
    for path in (Path(place), *Path(place).parents) if place else ():
        with suppress(OSError, KeyError):
            return f" ({path} is {path.owner()}'s)"
    return ""
