"""What waiting can mend, and what not: by the errors of the databases themselves."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from newsletter import clock
from newsletter.db import Database
from newsletter.outages import SETTLED_SECONDS, OutageLog, is_away, is_transient, summary
from tests.postgres import sqlalchemy_address


def error_of(db: Database, *statements: str) -> Exception:
    try:
        with db.write() as session:
            for statement in statements:
                session.execute(text(statement))
    except DBAPIError as error:
        return error
    raise AssertionError("the database took it")


NOBODYS = "INSERT INTO notice (kind, address) VALUES ('alert', NULL)"


@pytest.mark.parametrize(
    "statement",
    [
        NOBODYS,
        "SELECT * FROM no_such_table",
        "INSERT INTO delivery (issue_id, state, attempts) VALUES (99, 'pending', 0)",
    ],
    ids=["constraint", "no table", "foreign key"],
)
def test_what_the_data_are_to_blame_for_is_for_good(db: Database, statement: str) -> None:
    assert not is_transient(error_of(db, statement))


def test_a_locked_sqlite_file_is_waited_for(sqlite_db: Database) -> None:
    other = Database(sqlite_db.url.render_as_string(), for_sender=True)
    with sqlite_db.write() as session:
        session.execute(text("SELECT 1"))  # a transaction begins with its first statement
        assert is_transient(error_of(other, "SELECT 1"))
    other.close()


def test_a_sqlite_file_that_is_read_only_or_cannot_be_opened_is_waited_for(
    sqlite_db: Database, tmp_path: Path
) -> None:
    assert is_transient(error_of(sqlite_db, "PRAGMA query_only=ON", "DELETE FROM delivery"))
    with pytest.raises(DBAPIError) as caught:
        create_engine(f"sqlite:///{tmp_path}/no/such/folder/file.db").connect()
    assert is_transient(caught.value)


@pytest.mark.parametrize(
    "statements",
    [
        ("SET TRANSACTION READ ONLY", "DELETE FROM delivery"),
        ("SET statement_timeout = 1", "SELECT pg_sleep(5)"),
        ("SELECT pg_terminate_backend(pg_backend_pid())",),
    ],
    ids=["read-only", "cancelled", "connection lost"],
)
def test_what_an_operator_does_to_postgres_is_waited_for(
    postgres_url: str, statements: tuple[str, ...]
) -> None:
    db = Database(sqlalchemy_address(postgres_url))
    with db.write() as session:
        session.execute(text("CREATE TABLE delivery (id integer)"))
    assert is_transient(error_of(db, *statements))
    db.close()


def test_a_postgres_that_cannot_be_reached_is_waited_for() -> None:
    db = Database("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2")
    assert is_transient(error_of(db, "SELECT 1"))
    db.close()


@pytest.mark.parametrize(
    ("error", "is_waited_for"),
    [
        (psycopg.errors.DiskFull, True),
        (psycopg.errors.TooManyConnections, True),
        (psycopg.errors.DeadlockDetected, True),
        (psycopg.errors.SerializationFailure, True),
        (psycopg.errors.LockNotAvailable, True),
        (psycopg.errors.CannotConnectNow, True),
        (psycopg.errors.CrashShutdown, True),
        (psycopg.errors.IoError, True),
        (psycopg.errors.ProgramLimitExceeded, False),
        (psycopg.errors.DataCorrupted, False),
        (psycopg.errors.InsufficientPrivilege, False),
        (psycopg.errors.UntranslatableCharacter, False),
        (psycopg.errors.InFailedSqlTransaction, False),
    ],
)
def test_of_postgres_by_its_code(error: Callable[[str], Exception], is_waited_for: bool) -> None:
    assert is_transient(DBAPIError.instance("", None, error("..."), psycopg.Error)) == is_waited_for


@pytest.mark.parametrize(
    ("code", "is_waited_for"),
    [
        (sqlite3.SQLITE_FULL, True),
        (sqlite3.SQLITE_IOERR_WRITE, True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, True),
        (sqlite3.SQLITE_CORRUPT, False),
        (sqlite3.SQLITE_TOOBIG, False),
        (sqlite3.SQLITE_CONSTRAINT_TRIGGER, False),
    ],
)
def test_of_sqlite_by_its_code(code: int, is_waited_for: bool) -> None:
    error = sqlite3.OperationalError("...")
    error.sqlite_errorcode = code
    assert is_transient(DBAPIError.instance("", None, error, sqlite3.Error)) == is_waited_for


@pytest.mark.parametrize(
    "error", [ValueError("no"), UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "")]
)
def test_an_error_of_our_own_is_for_good(error: Exception) -> None:
    assert not is_transient(error)
    assert summary(error) == type(error).__name__


def test_a_summary_has_nothing_of_the_row(db: Database) -> None:
    address = "ann@example.org"
    error = error_of(db, NOBODYS.replace("'alert', NULL", f"NULL, '{address}'"))
    assert address in str(error)
    assert address not in summary(error)
    assert "kind" in summary(error)


def test_an_outage_is_said_once_and_its_end_once_nobody_waits(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 100.0
    monkeypatch.setattr(clock, "steady", lambda: seconds)
    log = OutageLog()
    log.end()
    for _ in range(3):
        log.note("it is away")
    log.end()  # others wait still
    seconds += SETTLED_SECONDS
    log.end()
    log.end()
    assert [record.message for record in caplog.records] == [
        "waiting for the database: it is away",
        "the database answers again, after 5 s",
    ]


def test_a_database_is_away_if_nothing_could_be_asked(postgres_url: str) -> None:
    nowhere = create_engine("postgresql+psycopg://127.0.0.1:1/none")
    with pytest.raises(DBAPIError) as refused:
        nowhere.connect()
    assert is_away(refused.value)
    engine = create_engine(sqlalchemy_address(postgres_url))
    with engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 1"))
        with pytest.raises(DBAPIError) as slow:
            connection.execute(text("SELECT pg_sleep(60)"))
    engine.dispose()
    assert not is_away(slow.value)
    assert is_transient(slow.value)
