"""The database: one engine, short transactions, aware datetimes.

``Database.read()`` and ``Database.write()`` are the only ways to a session.
Entry points open one and it commits at the end of the block; domain functions
take the session and never commit.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, cast
from urllib.parse import quote
from weakref import WeakSet

from sqlalchemy import URL, DateTime, Dialect, MetaData, create_engine, event, make_url
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import JSON, TypeDecorator

from newsletter.clock import aware
from newsletter.extras import POSTGRES

SQLITE_BUSY_SECONDS = 60
SQLITE_BUSY_SECONDS_OF_SENDER = 0.05  # its event loop stands still for so long

# What a path that swallows packets, or a statement that does not end, may cost. An address's own
# query goes before. https://www.postgresql.org/docs/current/libpq-connect.html
PATIENCE: Mapping[str, int] = {
    "connect_timeout": 4,  # seconds, for each address of a host
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}
STATEMENT_TIMEOUT = "-c statement_timeout=600s"
# On PostgreSQL. A plan that was made while a table was small is kept: it must not be one that
# reads all of the table. Where there is no other, that looks dear, and would be compiled.
SENDER_OPTIONS = (
    "-c statement_timeout=60s -c synchronous_commit=off -c enable_seqscan=off -c jit=off"
)
# What the driver's own connections are answered in, whatever the server is set to.
DIRECT_OPTIONS = f"{SENDER_OPTIONS} -c client_encoding=UTF8 -c DateStyle=ISO -c TimeZone=UTC"


class UTCDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored and returned in UTC. Naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = aware(value)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The root of every model."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime,
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
    }


class Database:
    """An engine and the two kinds of transaction on it."""

    def __init__(self, url: str, for_sender: bool = False) -> None:
        """``for_sender``: a database that somebody else has locked is not waited for but
        refused at once (SQLite), and a commit does not wait for the disk (PostgreSQL; on
        SQLite no commit does). A killed process loses nothing by either."""
        self.url = make_url(url)
        # Is shown each session that writes, before anything is done in it: see newsletter.audit.
        self.witness: Callable[[Session], None] = lambda _session: None
        self._connections: WeakSet[Any] = WeakSet()  # the driver's
        self._tracking = threading.Lock()
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        engine = _sqlite if self.is_sqlite else _postgres
        self.engine = engine(url, for_sender)
        self._writing = self.engine.execution_options(immediate=True)
        self._writing_one = engine(url, for_sender, alone=True)
        if not self.is_sqlite:
            for one in (self.engine, self._writing_one):
                event.listen(one, "connect", self._remember)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one snapshot; whatever it changes is dropped."""
        engine = self.engine
        if not self.is_sqlite:  # there, a snapshot a statement is the default
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with Session(engine, expire_on_commit=False) as session:
            yield session  # closing it rolls back, and leaves what was loaded as it is

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits when the block ends and rolls back if it raises.

        On SQLite the write lock is taken at once (BEGIN IMMEDIATE): a
        transaction that read first and wrote later could otherwise fail
        half-way with SQLITE_BUSY, which no busy timeout mends.
        """
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            self.witness(session)
            yield session

    @contextmanager
    def write_one(self) -> Iterator[Connection]:
        """The same for one statement alone, without a session: it is a transaction of its
        own, which costs half as much on SQLite, and one round trip on PostgreSQL."""
        with self._writing_one.connect() as connection:
            yield connection

    def driver_connection(self) -> Any:
        """A new connection of PostgreSQL's driver itself, for a sender, who closes it."""
        arguments, options = self.engine.dialect.create_connect_args(self.url)
        ours = {**options, **patience(self.url), "options": DIRECT_OPTIONS}
        connection = self.engine.dialect.connect(*arguments, **ours)
        self._remember(connection)
        return connection

    def is_there(self) -> bool:
        """Whether PostgreSQL takes a new connection; takes as long as its ``connect_timeout``."""
        try:
            self.driver_connection().close()
        except self.driver_error:
            return False
        return True

    def cut(self) -> None:
        """End every connection to PostgreSQL as if the network had: whoever waits for an answer
        gets an error in its place, in whichever thread."""
        with self._tracking:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError, self.driver_error):
                _shut(connection.fileno())

    @property
    def driver_error(self) -> type[Exception]:
        """The root of what the driver's own connections raise."""
        return cast(type[Exception], self.engine.dialect.loaded_dbapi.Error)

    @property
    def exists(self) -> bool:
        """Whether there is a file, of SQLite; a server's database is always taken to be there."""
        return not self.is_sqlite or self._file.exists()

    def create(self) -> None:
        """Make the empty file and its folder, if they are not there: only an upgrade does."""
        if self.is_sqlite:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.touch()

    @property
    def _file(self) -> Path:
        return Path(str(self.url.database))

    def _remember(self, connection: Any, _record: object = None) -> None:
        with self._tracking:
            self._connections.add(connection)

    def close(self) -> None:
        self.engine.dispose()
        self._writing_one.dispose()


def _shut(descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as wire:
        wire.shutdown(socket.SHUT_RDWR)


def patience(url: URL) -> dict[str, int]:
    """How long PostgreSQL is waited for, where its address does not say."""
    return {name: value for name, value in PATIENCE.items() if name not in url.query}


# There is nothing to roll back when such a connection returns to the pool.
ALONE: Mapping[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}


def _postgres(url: str, for_sender: bool, alone: bool = False) -> Engine:
    """``alone``: each statement is a transaction of its own. Raises MissingExtra."""
    given = make_url(url)
    settings = SENDER_OPTIONS if for_sender else STATEMENT_TIMEOUT
    theirs = given.query.get("options", "")
    arguments = {**patience(given), "options": f"{settings} {theirs}".strip()}
    # A sender notices a lost connection by itself, and tries again.
    options: dict[str, Any] = {"pool_pre_ping": not for_sender, "connect_args": arguments}
    with POSTGRES.imports():  # of the driver, which SQLAlchemy does
        return create_engine(url, **options, **(ALONE if alone else {}))


def _sqlite(url: str, for_sender: bool, alone: bool = False) -> Engine:
    """``alone``: each statement is a transaction of its own. No connection makes the file: what
    is run in a wrong folder leaves no database there."""
    given = make_url(url)
    existing = given.set(
        database=f"file:{quote(str(given.database))}",
        query={**given.query, "uri": "true", "mode": "rw"},
    )
    busy_seconds = SQLITE_BUSY_SECONDS_OF_SENDER if for_sender else SQLITE_BUSY_SECONDS
    arguments = {"timeout": busy_seconds}
    engine = create_engine(existing, connect_args=arguments, **(ALONE if alone else {}))
    event.listen(engine, "connect", _prepare_sqlite)
    if not alone:
        event.listen(engine, "begin", _begin_sqlite)
    return engine


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
