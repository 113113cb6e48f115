"""One entry for each transaction that somebody is answerable for, in that transaction."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from newsletter.audit import chain
from newsletter.audit.chain import Actor
from newsletter.audit.recorder import ROWS, TEXT, Recorder, answerable
from newsletter.curators import accounts
from newsletter.db import Database
from newsletter.models.audit import AuditEntry
from newsletter.models.curator import Curator, CuratorSession, Role
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.models.submission import Submission, SubmissionKind
from newsletter.models.subscriber import Status, Subscriber
from newsletter.tokens import Signer

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MONDAY = NOW.date()
SIGNER = Signer("a secret for the tests, 0123456789")
ADA = Actor("ada@example.org", "192.0.2.1", "issues.plan", "2026-11-30")


def watch(db: Database, actor: Callable[[], Actor | None] = lambda: ADA) -> None:
    db.witness = Recorder(lambda: SIGNER, actor)


@pytest.fixture
def watched(db: Database) -> Database:
    watch(db)
    return db


@pytest.fixture
def watched_sqlite(sqlite_db: Database) -> Database:
    watch(sqlite_db)
    return sqlite_db


def entries(db: Database) -> list[AuditEntry]:
    with db.read() as session:
        assert chain.verify(session, SIGNER).problem == ""
        return list(chain.everything(session))


def last_changes(db: Database) -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = json.loads(entries(db)[-1].changes)
    return changes


def add_issue(db: Database, **more: Any) -> int:
    with db.write() as session:
        issue = Issue(date=MONDAY, kind=Kind.REGULAR, created_at=NOW, **more)
        session.add(issue)
        session.flush()
        return issue.id


def test_a_row_that_is_added_changed_and_removed(watched: Database) -> None:
    number = add_issue(watched, subject="Rain")
    with watched.write() as session:
        session.get_one(Issue, number).subject = "Rain in Kenya"
    with watched.write() as session:
        session.delete(session.get_one(Issue, number))
    made, changed, removed = (json.loads(entry.changes) for entry in entries(watched))
    row = {"what": "issue", "which": "monday 2026-11-23"}
    assert made == [row | {"was": {}, "now": {"state": "planned", "subject": "Rain"}}]
    assert changed == [row | {"was": {"subject": "Rain"}, "now": {"subject": "Rain in Kenya"}}]
    assert removed == [row | {"was": {"state": "planned", "subject": "Rain in Kenya"}, "now": {}}]
    first = entries(watched)[0]
    assert (first.who, first.origin, first.action, first.target) == (
        ADA.who, ADA.origin, ADA.action, ADA.target,
    )  # fmt: skip


def test_what_was_empty_before_is_no_new_row(watched: Database) -> None:
    number = add_issue(watched)
    with watched.write() as session:
        session.get_one(Issue, number).subject = "Rain"
    (change,) = last_changes(watched)
    assert (change["was"], change["now"]) == ({"subject": ""}, {"subject": "Rain"})


def test_a_statement_that_loads_no_row_is_recorded_with_what_was_before(watched: Database) -> None:
    number = add_issue(watched)
    with watched.write() as session:
        session.execute(
            update(Issue)
            .where(Issue.id == number, Issue.state == IssueState.PLANNED)
            .values(state=IssueState.CANCELLED)
            .execution_options(synchronize_session=False)
        )
    assert last_changes(watched) == [
        {
            "what": "issue",
            "which": "monday 2026-11-23",
            "was": {"state": "planned"},
            "now": {"state": "cancelled"},
        }
    ]


def test_what_is_rolled_back_is_in_no_entry(watched: Database) -> None:
    add_issue(watched)
    with pytest.raises(IntegrityError):
        add_issue(watched)
    assert len(entries(watched)) == 1


def test_what_a_savepoint_takes_back_is_in_no_entry(watched: Database) -> None:
    with watched.write() as session:
        session.add(Issue(date=MONDAY, kind=Kind.REGULAR, created_at=NOW))
        session.flush()
        savepoint = session.begin_nested()
        session.add(Issue(date=MONDAY, kind=Kind.POST, created_at=NOW))
        session.flush()
        savepoint.rollback()
        with session.begin_nested():
            session.add(Issue(date=MONDAY, kind=Kind.CORRECTION, created_at=NOW))
    assert [change["which"] for change in last_changes(watched)] == [
        "monday 2026-11-23",
        "correction 2026-11-23",
    ]
    assert len(entries(watched)) == 1


def test_nobody_is_answerable_for_a_job(sqlite_db: Database) -> None:
    watch(sqlite_db, lambda: None)
    add_issue(sqlite_db)
    assert entries(sqlite_db) == []


def test_a_transaction_that_only_reads_has_no_entry(watched_sqlite: Database) -> None:
    with watched_sqlite.write() as session:
        session.scalars(select(Issue)).all()
    assert entries(watched_sqlite) == []


def test_a_write_of_what_is_left_out_has_an_entry_without_changes(watched: Database) -> None:
    with watched.write() as session:
        curator = accounts.add_curator(session, "ben@example.org", Role.OWNER, None, NOW)
    with watched.write() as session:
        session.add(
            CuratorSession(key_hash="k", curator_id=curator.id, created_at=NOW, seen_at=NOW)
        )
    assert last_changes(watched) == []
    assert len(entries(watched)) == 2


def test_who_signs_in_is_named_by_what_lets_them_in(sqlite_db: Database) -> None:
    watch(sqlite_db, lambda: Actor("", "192.0.2.1", "login.sign_in"))
    add_issue(sqlite_db)
    assert entries(sqlite_db) == []
    with sqlite_db.write() as session:
        answerable(session, "ben@example.org")
        session.add(Issue(date=MONDAY, kind=Kind.POST, created_at=NOW))
    assert [entry.who for entry in entries(sqlite_db)] == ["ben@example.org"]


def test_no_password_and_no_hash_of_one_gets_in(watched: Database) -> None:
    with watched.write() as session:
        curator = accounts.add_curator(
            session, "ben@example.org", Role.OWNER, "a long password", NOW
        )
    with watched.write() as session:
        accounts.set_password(session.get_one(Curator, curator.id), "another long password")
    assert last_changes(watched)[0]["now"] == {"password_hash": "(not shown)"}
    assert all("argon2" not in entry.changes for entry in entries(watched))
    assert all("long password" not in entry.changes for entry in entries(watched))


def test_no_reader_gets_in_by_name_or_address(watched: Database) -> None:
    with watched.write() as session:
        session.add(
            Subscriber(
                address="cyd@example.org", address_key="cyd@example.org", address_hash="c" * 32,
                name="Cyd", status=Status.ACTIVE, created_at=NOW,
            )
        )  # fmt: skip
        session.add(
            Submission(
                kind=SubmissionKind.DATASET, title="By Cyd", about="", name="Cyd",
                address="cyd@example.org", created_at=NOW,
            )
        )  # fmt: skip
    assert {change["what"] for change in last_changes(watched)} == {"subscriber", "submission"}
    assert "cyd" not in entries(watched)[-1].changes.casefold()


def test_of_many_rows_and_long_words_it_holds_the_beginning(watched_sqlite: Database) -> None:
    number = add_issue(watched_sqlite, intro="x" * 20_000)
    assert len(last_changes(watched_sqlite)[0]["now"]["intro"]) == TEXT + 1
    with watched_sqlite.write() as session:
        for n in range(ROWS + 5):
            session.add(
                Submission(
                    kind=SubmissionKind.CODE, title=f"{n}", about="", name="", created_at=NOW
                )
            )
    assert len(last_changes(watched_sqlite)) == ROWS
    assert number
