"""The row of one process, written again and again: on PostgreSQL in one statement a beat.

The same statement reads the rows of all others and the server's clock. So a beat tells its
process who lives, and how far its own clock is off.
"""

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, exists, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from newsletter import __version__
from newsletter.db import Database
from newsletter.heartbeats.clock_reading import ClockReading, Stopwatch
from newsletter.heartbeats.roll_call import ROWS, RollCall, everybody, moment
from newsletter.models.process import ProcessRole

BEAT_SECONDS = 10.0
SILENT_AFTER = timedelta(seconds=30)  # three beats
ONE_RUN_COUNTS_FOR = timedelta(hours=1)  # of those that cron starts, with --once
KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Beat:
    """What a process learns by its beat."""

    roll: RollCall
    reading: ClockReading | None  # None on SQLite


class Heart:
    """The row of one process. Each method takes a connection on which a statement commits by
    itself (``Database.one_statement``)."""

    def __init__(
        self,
        db: Database,
        role: ProcessRole,
        name: str = "",
        silent_after: timedelta = SILENT_AFTER,
    ) -> None:
        self.role = role
        self.host = socket.gethostname()
        self.name = name or f"{role}.{os.getpid()}.{secrets.token_hex(8)}"
        self._is_sqlite = db.is_sqlite
        self._silent_after = silent_after

    def beat(self, connection: Connection, last: ClockReading | None = None) -> Beat:
        """Write the row, with how far the clock was off at the ``last`` reading."""
        upsert = self._upsert(last.ahead if last else None)
        if self._is_sqlite:
            connection.execute(upsert)
            return Beat(RollCall.of(connection.execute(everybody(is_sqlite=True)).all()), None)
        own = upsert.returning(*ROWS.columns, moment(is_sqlite=False).label("now")).cte("own")
        others = everybody(is_sqlite=False).where(ROWS.c.name != self.name)
        columns = [own.c[column.name] for column in ROWS.columns]
        both = select(literal(False), *columns, own.c.now).union_all(
            others.add_columns(moment(is_sqlite=False))
        )
        stopwatch = Stopwatch()
        with stopwatch.timing():
            rows = connection.execute(both).all()
        return Beat(RollCall.of(row[:-1] for row in rows), stopwatch.reading(rows[0][-1]))

    def end(self, connection: Connection) -> None:
        """Take the row away, and those that this process came in the place of."""
        replaced = (
            (ROWS.c.role == self.role)
            & (ROWS.c.host == self.host)
            & (ROWS.c.silent_at < moment(self._is_sqlite))
        )
        connection.execute(delete(ROWS).where((ROWS.c.name == self.name) | replaced))

    def forget_the_silent(self, connection: Connection) -> None:
        """Remove what has been silent for a day. The last of a role stays until another of it
        was seen: it says since when there is none."""
        newer = ROWS.alias()
        is_followed = exists().where(newer.c.role == ROWS.c.role, newer.c.seen_at > ROWS.c.seen_at)
        is_old = ROWS.c.silent_at < moment(self._is_sqlite, plus=-KEPT_FOR)
        connection.execute(delete(ROWS).where(is_old, is_followed))

    def _upsert(self, clock_ahead: float | None) -> Any:
        now = moment(self._is_sqlite)
        seen: dict[str, Any] = {
            "seen_at": now,
            "silent_at": moment(self._is_sqlite, plus=self._silent_after),
            "pid": os.getpid(),
            "version": __version__,
            "clock_ahead": clock_ahead,
        }
        born = {"name": self.name, "role": self.role, "host": self.host, "started_at": now}
        insert = sqlite.insert if self._is_sqlite else postgresql.insert
        row = insert(ROWS).values(born | seen)
        return row.on_conflict_do_update(index_elements=[ROWS.c.name], set_=seen)
