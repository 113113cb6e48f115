"""What wakes a sender that has nothing to do.

On PostgreSQL whoever makes something due notifies all who listen, in the transaction that does
it (triggers do: see revision 0008). On SQLite looking whether another connection has changed the
file costs a few microseconds. Looking at the ledger itself is the safety net of both, and how
it is seen that the moment of a later try has come.
"""

import asyncio
import logging
import os
import sqlite3
from contextlib import suppress
from typing import Any, Protocol

from newsletter.db import Database

log = logging.getLogger(__name__)

CHANNEL = "newsletter_due"
SECONDS = 10.0  # between two looks at the ledger, where something would wake us
UNHEARD_SECONDS = 1.0  # where nothing would
FILE_SECONDS = 0.5  # between two looks at the file of SQLite


class Wake(Protocol):
    async def wait(self) -> bool:
        """Return when it is time to look at the ledger: whether there was news."""

    def close(self) -> None: ...


class FileWake:
    """SQLite's counter of changes by others: https://www.sqlite.org/pragma.html#pragma_data_version"""

    def __init__(self, db: Database) -> None:
        self._path = str(db.url.database)
        self._connection: sqlite3.Connection | None = None
        self._version = -1

    async def wait(self) -> bool:
        for _ in range(round(SECONDS / FILE_SECONDS)):
            if self._has_changed():
                return True
            await asyncio.sleep(FILE_SECONDS)
        return False

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _has_changed(self) -> bool:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path)
        before = self._version
        try:
            (self._version,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.OperationalError:  # locked: somebody is changing it
            return True
        return self._version != before


class ChannelWake:
    """LISTEN on PostgreSQL, over a connection of its own."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._connection: Any = None  # psycopg's
        self._socket = -1  # a descriptor that is ours: libpq closes its own when it is lost
        self._news = asyncio.Event()

    async def wait(self) -> bool:
        if self._connection is None and not await self._listen():
            await asyncio.sleep(UNHEARD_SECONDS)
            return True
        try:
            await asyncio.wait_for(self._news.wait(), SECONDS)
        except TimeoutError:
            return False
        self._news.clear()
        return True

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            os.close(self._socket)
            connection.close()

    async def _listen(self) -> bool:
        """Whether we listen now. What came before was not heard, so the ledger is looked at."""
        loop = asyncio.get_running_loop()
        try:
            self._connection = await loop.run_in_executor(None, self._connected)
        except self._db.driver_error:
            return False
        self._socket = os.dup(self._connection.fileno())
        loop.add_reader(self._socket, self._read)
        self._news.set()
        return True

    def _connected(self) -> Any:
        connection = self._db.postgres.direct()
        connection.autocommit = True
        connection.execute(f"LISTEN {CHANNEL}")
        return connection

    def _read(self) -> None:
        server = self._connection.pgconn
        try:
            server.consume_input()
            while server.notifies() is not None:
                self._news.set()
        except self._db.driver_error:
            with suppress(OSError):
                self.close()
            self._news.set()


class Watch:
    """A sender's wait for news, and whether the news would have come without it."""

    def __init__(self, wake: Wake) -> None:
        self._wake = wake
        self._was_woken = True  # for this look at the ledger

    async def wait(self, stopping: asyncio.Event) -> bool:
        """Until somebody makes something due, or it is time to look, or to stop; False: to look,
        without news."""
        news = asyncio.create_task(self._wake.wait())
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait({news, stopped}, return_when=asyncio.FIRST_COMPLETED)
        self._was_woken = not news.done() or news.result()
        for task in (news, stopped):
            task.cancel()
        await asyncio.gather(news, stopped, return_exceptions=True)
        return self._was_woken

    def note_first_tries(self, number: int) -> None:
        """So many were claimed for the first time: of these the sender should have been told."""
        if number and not self._was_woken:
            event = {"event": "found_by_looking", "messages": number}
            log.info("%d messages were claimed without notice of them", number, extra=event)
        self._was_woken = True

    def close(self) -> None:
        self._wake.close()


def wake_of(db: Database) -> Wake:
    return FileWake(db) if db.is_sqlite else ChannelWake(db)
