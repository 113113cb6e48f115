"""The database: one engine, short transactions, aware datetimes.

``Database.read()`` and ``Database.write()`` are the only ways to a session.
Entry points open one and it commits at the end of the block; domain functions
take the session and never commit.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqlalchemy import URL, DateTime, Dialect, MetaData, make_url
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import JSON, TypeDecorator

from newsletter.clock import aware
from newsletter.db import sqlite
from newsletter.extras import POSTGRES
from newsletter.host.private_files import close_to_others

if TYPE_CHECKING:
    from newsletter.db.postgres import Connections

# An error then quotes no address: what was passed to a statement is in no log.
ORDINARY: Mapping[str, Any] = {"hide_parameters": True}
# There is nothing to roll back when such a connection returns to the pool.
ALONE: Mapping[str, Any] = {
    **ORDINARY,
    "isolation_level": "AUTOCOMMIT",
    "pool_reset_on_return": None,
}


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
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._postgres = None if self.is_sqlite else _connections(self.url)
        self.engine = self._engine(for_sender)
        self._writing = self.engine.execution_options(immediate=True)
        self._alone = self._engine(for_sender, alone=True)

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
    def one_statement(self) -> Iterator[Connection]:
        """A connection for one statement, which is a transaction of its own: without a session
        it costs a fifth, half as much if it writes to SQLite, one round trip on PostgreSQL."""
        with self._alone.connect() as connection:
            yield connection

    def quick_row(self, statement: str) -> tuple[Any, ...]:
        """The one row of a query in the driver's own terms, which it raises errors in, too: for
        what is asked with each request."""
        connection = self._alone.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(statement)
            row: tuple[Any, ...] = tuple(cursor.fetchone() or ())
            cursor.close()
        finally:
            connection.close()
        return row

    @property
    def postgres(self) -> "Connections":
        """The connections. Raises TypeError where this is another database."""
        if self._postgres is None:
            raise TypeError(f"{self.url.get_backend_name()} is not PostgreSQL")
        return self._postgres

    def cut(self) -> None:
        """Let whoever waits for PostgreSQL get an error in place of an answer; SQLite has its
        own limit for that."""
        if self._postgres is not None:
            self._postgres.cut()

    @property
    def driver_error(self) -> type[Exception]:
        """The root of what the driver's own connections raise."""
        return cast(type[Exception], self.engine.dialect.loaded_dbapi.Error)

    @property
    def exists(self) -> bool:
        """Whether there is a file, of SQLite; a server's database is always taken to be there."""
        return not self.is_sqlite or self._file.exists()

    def create(self) -> None:
        """Make the empty file and its folder, if they are not there: only an upgrade does. The
        files that SQLite puts beside it get its mode."""
        if self.is_sqlite:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file.touch(mode=0o600)
            close_to_others(self._file)

    @property
    def _file(self) -> Path:
        return Path(str(self.url.database))

    def _engine(self, for_sender: bool, alone: bool = False) -> Engine:
        """``alone``: each statement is a transaction of its own."""
        options = ALONE if alone else ORDINARY
        if self._postgres is None:
            return sqlite.engine(self.url, for_sender, options)
        with POSTGRES.imports():  # of the driver, which SQLAlchemy does
            return self._postgres.engine(for_sender, options)

    def close(self) -> None:
        self.engine.dispose()
        self._alone.dispose()


def _connections(url: URL) -> "Connections":
    """Raises MissingExtra."""
    with POSTGRES.imports():
        module = import_module("newsletter.db.postgres")
    return cast("Connections", module.Connections(url))
