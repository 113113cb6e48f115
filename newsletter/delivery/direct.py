"""Settling on PostgreSQL from the sender's own loop, by libpq's asynchronous interface.

What a sender does most is one statement: these were sent. Handing it to a thread and
back costs more than the statement, so it goes to the server from here, and the loop
goes on until the answer can be read (https://www.postgresql.org/docs/current/libpq-async.html).
Whatever is out of the ordinary is left to the threads.
"""

import asyncio
import os
import select
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from newsletter.db import Database
from newsletter.delivery.ledger import SENT_ON_POSTGRES

NAME = b"settle_sent"
STATEMENT = (
    SENT_ON_POSTGRES.replace(":now", "CAST($1 AS timestamptz)")
    .replace(":ids", "$2")
    .replace(":replies", "$3")
)
COMMAND_OK = 1  # PGRES_COMMAND_OK


class Direct:
    """A connection of its own, opened at its first use. For one task at a time."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._connection: Any = None  # psycopg's
        # A descriptor of its socket that is ours: libpq closes its own when the connection is
        # lost, and what the loop watches must not be closed, or be another's, behind its back.
        self._socket = -1
        self._readable = select.poll()
        self._answered = asyncio.Event()
        self._error: Exception | None = None

    async def settle_sent(self, replies: Mapping[int, str], now: datetime) -> bool:
        """Record that these deliveries were sent: what ledger.settle_sent does.

        False if it cannot be known whether it was recorded: do it again another way.
        """
        try:
            if self._connection is None:
                await self._open()
            done = await self._execute(_parameters(replies, now))
        except (self._db.driver_error, OSError):
            done = False
        if not done:
            self.close()
        return done

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._readable.unregister(self._socket)
            os.close(self._socket)
            connection.close()

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        connection = await loop.run_in_executor(None, self._db.driver_connection)
        connection.autocommit = True
        connection.pgconn.prepare(NAME, STATEMENT.encode())
        connection.pgconn.nonblocking = 1
        self._connection, self._socket = connection, os.dup(connection.pgconn.socket)
        self._readable.register(self._socket, select.POLLIN)
        loop.add_reader(self._socket, self._read)

    async def _execute(self, parameters: list[bytes]) -> bool:
        server = self._connection.pgconn
        self._answered.clear()
        self._error = None
        server.send_query_prepared(NAME, parameters)
        while server.flush():  # nonzero: the socket takes no more at the moment
            await asyncio.sleep(0)
        await self._answered.wait()
        if self._error is not None:
            raise self._error
        statuses = []
        while (result := server.get_result()) is not None:
            statuses.append(result.status)
        return statuses == [COMMAND_OK]

    def _read(self) -> None:
        """Read all there is, to the end of the connection if it has one: of a socket in error
        libuv tells once, and the server's last words may stand before the error."""
        server = self._connection.pgconn
        try:
            while self._readable.poll(0):
                server.consume_input()
            if server.is_busy():
                return
        except self._db.driver_error as error:
            self._error = error
            asyncio.get_running_loop().remove_reader(self._socket)
        self._answered.set()


def _parameters(replies: Mapping[int, str], now: datetime) -> list[bytes]:
    """In PostgreSQL's text format."""
    ids = ",".join(map(str, replies))
    told = ",".join(map(_quoted, replies.values()))
    return [now.isoformat().encode(), f"{{{ids}}}".encode(), f"{{{told}}}".encode()]


def _quoted(text: str) -> str:
    """An element of an array."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
