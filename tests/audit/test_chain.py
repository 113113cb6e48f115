"""The chain of the audit log: nobody alters, removes or adds an entry unseen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from newsletter.audit import chain
from newsletter.audit.chain import Actor
from newsletter.db import Database
from newsletter.models.audit import AuditEntry
from newsletter.tokens import Signer
from tests.migrated import migrate
from tests.postgres import sqlalchemy_address

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SIGNER = Signer("a secret for the tests, 0123456789")
ADA = Actor("ada@example.org", "192.0.2.1", "issues.plan", "2026-11-30")


def add(db: Database, count: int = 1, actor: Actor = ADA) -> None:
    for number in range(count):
        with db.write() as session:
            chain.append(session, SIGNER, actor, [{"what": "issue", "number": number}], NOW)


def verdict(db: Database, noted: str = "", signer: Signer = SIGNER) -> chain.Verdict:
    with db.read() as session:
        return chain.verify(session, signer, noted)


def tamper(db: Database, statement: str) -> None:
    """As somebody does who may do everything in the database."""
    with db.engine.begin() as connection:
        if db.is_sqlite:
            for what in ("update", "delete"):
                connection.execute(sa.text(f"DROP TRIGGER audit_entry_no_{what}"))
        else:
            connection.execute(sa.text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        connection.execute(sa.text(statement))


def test_entries_follow_each_other_and_are_whole(db: Database) -> None:
    assert verdict(db) == chain.Verdict(0, chain.FIRST, "")
    add(db, 3)
    whole = verdict(db)
    assert (whole.entries, whole.problem) == (3, "")
    with db.read() as session:
        entries = list(chain.everything(session))
    assert [entry.number for entry in entries] == [1, 2, 3]
    assert [entry.previous for entry in entries] == [chain.FIRST, *(e.hash for e in entries[:2])]
    assert whole.head == entries[-1].hash


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit_entry SET who = 'eve@example.org' WHERE number = 2", "Entry 2 was altered"),
        ("UPDATE audit_entry SET changes = '[]' WHERE number = 3", "Entry 3 was altered"),
        ("DELETE FROM audit_entry WHERE number = 2", "Entry 2 is missing"),
        ("DELETE FROM audit_entry WHERE number = 1", "Entry 1 is missing"),
    ],
)
def test_what_was_altered_or_removed_is_named(db: Database, statement: str, problem: str) -> None:
    add(db, 4)
    tamper(db, statement)
    assert verdict(db).problem.startswith(problem)


def test_an_entry_that_was_made_without_the_key_is_noticed(sqlite_db: Database) -> None:
    """A plain hash could be computed again by whoever alters a row."""
    add(sqlite_db, 2)
    forger = Signer("another secret for the tests, 0123")
    with sqlite_db.write() as session:
        chain.append(session, forger, ADA, [], NOW)
    assert verdict(sqlite_db).problem.startswith("Entry 3 was altered")


def test_an_end_that_was_cut_off_is_seen_by_a_hash_noted_before(sqlite_db: Database) -> None:
    add(sqlite_db, 3)
    noted = verdict(sqlite_db).head
    add(sqlite_db)
    assert verdict(sqlite_db, noted).problem == ""
    tamper(sqlite_db, "DELETE FROM audit_entry WHERE number >= 3")
    assert verdict(sqlite_db).problem == ""
    assert "was cut off" in verdict(sqlite_db, noted).problem


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET who = ''", "DELETE FROM audit_entry"]
)
def test_the_database_refuses_to_change_an_entry(db: Database, statement: str) -> None:
    add(db)
    with pytest.raises(DBAPIError, match="only added to"), db.engine.begin() as connection:
        connection.execute(sa.text(statement))
    assert verdict(db).entries == 1


def test_postgresql_refuses_to_empty_it(migrated_postgres_url: str) -> None:
    database = Database(sqlalchemy_address(migrated_postgres_url))
    migrate(database)
    add(database)
    with pytest.raises(DBAPIError, match="only added to"), database.engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE audit_entry"))
    database.close()


def test_writers_at_the_same_moment_make_one_chain(db: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: add(db, 5), range(8)))
    whole = verdict(db)
    assert (whole.entries, whole.problem) == (40, "")


def test_what_no_database_keeps_or_a_terminal_obeys_is_left_out(db: Database) -> None:
    add(db, actor=Actor("a\x00da", "1\x1b[2J", "x" * 200, "\ud800penguins\n" + "y" * 400))
    with db.read() as session:
        entry = session.get_one(AuditEntry, 1)
    assert (entry.who, entry.origin, len(entry.action)) == ("ada", "1[2J", 100)
    assert entry.target.startswith("penguinsyy")
    assert verdict(db).problem == ""
