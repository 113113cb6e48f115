"""Connections to PostgreSQL, which notice when it answers no more.

A path that swallows packets, and a server that stands still, say nothing: whoever waited for
them would wait for ever. The system's own limits (``patience``) end a wait for what is not even
received; where something on the way acknowledges it, only another connection can tell. So for a
statement that was not answered for ``SILENT_SECONDS`` one is tried beside it; if there is none to
be had, the statement ends with OperationalError, in whichever thread.
"""

import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from weakref import WeakSet

import psycopg
from psycopg import AsyncConnection, Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, create_engine, event
from sqlalchemy.engine import Engine

from newsletter import clock

# Of the system and of libpq. An address's own query goes before.
# https://www.postgresql.org/docs/current/libpq-connect.html
PATIENCE: Mapping[str, int] = {
    "connect_timeout": 4,  # seconds, for each address of a host
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}
SILENT_SECONDS = 2.0
STATEMENT_TIMEOUT = "-c statement_timeout=600s"
# A plan that was made while a table was small is kept: it must not be one that reads all of the
# table. Where there is no other, that looks dear, and would be compiled.
SENDER_OPTIONS = (
    "-c statement_timeout=60s -c synchronous_commit=off -c enable_seqscan=off -c jit=off"
)
# What the driver's own connections are answered in, whatever the server is set to.
DIRECT_OPTIONS = f"{SENDER_OPTIONS} -c client_encoding=UTF8 -c DateStyle=ISO -c TimeZone=UTC"

T = TypeVar("T")


def patience(url: URL) -> dict[str, int]:
    """How long PostgreSQL is waited for, where its address does not say."""
    return {name: value for name, value in PATIENCE.items() if name not in url.query}


class Probe:
    """Whether a server takes a new connection, tried in a thread for all who wait."""

    def __init__(self, connect: Callable[[], Connection[Any]]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._tried_at = self._refused_at = float("-inf")

    def has_refused(self, since: float) -> bool:
        """Whether there was none to be had after ``since``, by ``clock.steady``. It is tried again
        if the last try is some time ago."""
        now = clock.steady()
        with self._lock:
            if self._refused_at > since:
                return True
            if now - self._tried_at < SILENT_SECONDS:
                return False
            self._tried_at = float("inf")
        threading.Thread(target=self._try, name="probe", daemon=True).start()
        return False

    def _try(self) -> None:
        refused_at = self._refused_at
        try:
            self._connect().close()
        except psycopg.Error:
            refused_at = clock.steady()
        with self._lock:
            self._tried_at, self._refused_at = clock.steady(), refused_at


class WatchedConnection(Connection[Any]):
    probe: Probe | None = None

    def wait(self, gen: PQGen[T], *options: Any, **more: Any) -> T:
        return super().wait(_watched(self, gen), *options, **more)


class WatchedAsyncConnection(AsyncConnection[Any]):
    probe: Probe | None = None

    async def wait(self, gen: PQGen[T], *options: Any, **more: Any) -> T:
        return await super().wait(_watched(self, gen), *options, **more)


def _watched(connection: WatchedConnection | WatchedAsyncConnection, answer: PQGen[T]) -> PQGen[T]:
    """``answer``, which psycopg goes on with at each of its intervals, whether it got something
    or not. Raises OperationalError, and closes the connection."""
    silent_since = clock.steady()
    try:
        waits_for = next(answer)
        while True:
            ready = yield waits_for
            if ready:
                silent_since = clock.steady()
            elif _is_lost(connection, silent_since):
                connection.pgconn.finish()
                raise OperationalError("it does not answer")
            waits_for = answer.send(ready)
    except StopIteration as end:
        result: T = end.value
        return result


def _is_lost(connection: WatchedConnection | WatchedAsyncConnection, silent_since: float) -> bool:
    is_asked = connection.pgconn.transaction_status == TransactionStatus.ACTIVE
    if connection.probe is None or not is_asked or clock.steady() - silent_since < SILENT_SECONDS:
        return False
    return connection.probe.has_refused(silent_since + SILENT_SECONDS)


class Connections:
    """Those of one Database."""

    def __init__(self, url: URL) -> None:
        self.probe = Probe(lambda: Connection.connect(*self._arguments, **self._options))
        self._url = url
        self._arguments: Sequence[str] = ()
        self._options: dict[str, Any] = {}
        self._open: WeakSet[WatchedConnection] = WeakSet()
        self._lock = threading.Lock()

    def engine(self, for_sender: bool, options: Mapping[str, Any]) -> Engine:
        settings = SENDER_OPTIONS if for_sender else STATEMENT_TIMEOUT
        theirs = self._url.query.get("options", "")
        arguments = {**patience(self._url), "options": f"{settings} {theirs}".strip()}
        # A sender notices a lost connection by itself, and tries again.
        engine = create_engine(
            self._url, pool_pre_ping=not for_sender, connect_args=arguments, **options
        )
        self._arguments, given = engine.dialect.create_connect_args(self._url)
        self._options = {**given, **patience(self._url), "options": DIRECT_OPTIONS}
        event.listen(engine, "do_connect", self._connected)
        return engine

    def direct(self) -> WatchedConnection:
        """A new connection, for a sender, who closes it."""
        return self._watched(WatchedConnection.connect(*self._arguments, **self._options))

    def cut(self) -> None:
        """End all as if the network had: whoever waits for an answer gets an error in its place."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with suppress(OSError, psycopg.Error):
                _shut(connection.fileno())

    def _connected(
        self, _dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]
    ) -> WatchedConnection:
        return self._watched(WatchedConnection.connect(*arguments, **options))

    def _watched(self, connection: WatchedConnection) -> WatchedConnection:
        connection.probe = self.probe
        with self._lock:
            self._open.add(connection)
        return connection


def _shut(descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as wire:
        wire.shutdown(socket.SHUT_RDWR)
