"""A statement on PostgreSQL from the sender's own loop, by libpq's asynchronous interface.

Handing a statement to a thread and back can cost more than the statement. Here it goes to
the server from the loop, which goes on until the answer can be read
(https://www.postgresql.org/docs/current/libpq-async.html).
"""

import asyncio
import os
import select
from collections.abc import Sequence
from typing import Any

from newsletter.db import Database

NAME = b"direct"
DONE = {1, 2}  # PGRES_COMMAND_OK, PGRES_TUPLES_OK


class Direct:
    """One statement, prepared once, and a connection of its own for it, opened at its first
    use. Each execution is a transaction. For one task at a time."""

    def __init__(self, db: Database, statement: str) -> None:
        """``statement``: with parameters as PostgreSQL itself writes them, $1 and so on."""
        self._db = db
        self._statement = statement
        self._connection: Any = None  # psycopg's
        # A descriptor of its socket that is ours: libpq closes its own when the connection is
        # lost, and what the loop watches must not be closed, or be another's, behind its back.
        self._socket = -1
        self._readable = select.poll()
        self._answered = asyncio.Event()
        self._error: Exception | None = None

    async def execute(self, parameters: Sequence[bytes]) -> Any:
        """psycopg's PGresult; both it and ``parameters`` are in PostgreSQL's text format.

        None if it cannot be known whether it was done: do it again another way.
        """
        try:
            if self._connection is None:
                await self._open()
            result = await self._execute(parameters)
        except (self._db.driver_error, OSError):
            result = None
        if result is None:
            self.close()
        return result

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
        connection.pgconn.prepare(NAME, self._statement.encode())
        connection.pgconn.nonblocking = 1
        self._connection, self._socket = connection, os.dup(connection.pgconn.socket)
        self._readable.register(self._socket, select.POLLIN)
        loop.add_reader(self._socket, self._read)

    async def _execute(self, parameters: Sequence[bytes]) -> Any:
        server = self._connection.pgconn
        self._answered.clear()
        self._error = None
        server.send_query_prepared(NAME, parameters)
        while server.flush():  # nonzero: the socket takes no more at the moment
            await asyncio.sleep(0)
        await self._answered.wait()
        if self._error is not None:
            raise self._error
        results = []
        while (result := server.get_result()) is not None:
            results.append(result)
        return results[0] if len(results) == 1 and results[0].status in DONE else None

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
