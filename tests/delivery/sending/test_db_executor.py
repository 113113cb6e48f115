"""How a sender claims and settles: the ordinary by the fast path, the refused one by one."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.queue.balance import balance_of
from newsletter.delivery.queue.claim_cursor import Position
from newsletter.delivery.queue.ledger import ClaimedDelivery, Key
from newsletter.delivery.sending import db_executor
from newsletter.delivery.sending.claims import Claim, Report
from newsletter.delivery.sending.db_executor import DbExecutor
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.models.curator import Curator
from newsletter.models.delivery import Delivery, DeliveryState, Notice, NoticeKind
from newsletter.models.issue import Issue
from newsletter.models.subscriber import Status, Subscriber
from newsletter.rates import Breakers
from newsletter.transports.base import Outcome, Verdict
from tests.delivery.lists import NOW, readers, sending
from tests.postgres import sqlalchemy_address

FOR_EVER = 1e9  # seconds
NO_BREAKERS = Breakers(failures=None)


class Store(WorkerStore):
    """Of one worker, without messages; ``claims`` has how each claim was made."""

    def __init__(
        self,
        db: Database,
        home: Path,
        per_day: int | None = None,
        breakers: Breakers = NO_BREAKERS,
    ) -> None:
        self.db = db
        self.claims: list[str] = []
        self.envelopes = Envelopes()
        super().__init__(db, self.envelopes, home, "a", per_day, breakers)  # type: ignore[arg-type]

    def claim(self, limit: int, now: datetime) -> list[Claim]:
        self.claims.append("complete")
        return super().claim(limit, now)

    def note_claim(self, number: int, limit: int, last: Position) -> None:
        self.claims.append("fast")
        super().note_claim(number, limit, last)

    def claim_all(self, after_two: Callable[[], None] = lambda: None) -> list[Key]:
        """The keys, three at a time, until a claim finds nothing."""

        async def claim() -> list[Key]:
            executor = DbExecutor(self)
            with closing(executor):
                groups = [await executor.claim(3, NOW), await executor.claim(3, NOW)]
                after_two()
                while groups[-1]:
                    groups.append(await executor.claim(3, NOW))
            return [claim.key for claim in itertools.chain(*groups)]

        return asyncio.run(claim())

    def settle_all(self, outcomes: Sequence[Outcome]) -> list[Report]:
        """Claim as many as there are outcomes, and settle them together."""

        async def settle() -> list[Report]:
            executor = DbExecutor(self)
            with closing(executor):
                claims = await executor.claim(len(outcomes), NOW)
                reports = [
                    Report(c, outcome, NOW) for c, outcome in zip(claims, outcomes, strict=True)
                ]
                return await executor.settle(reports)

        return asyncio.run(settle())


class Envelopes:
    """Has the issue and the variant of each frozen message that was read, in this order."""

    def __init__(self) -> None:
        self.read_ones: list[tuple[int, int]] = []

    def knows(self, claimed: ClaimedDelivery) -> bool:
        return (claimed.issue_id, claimed.variant) in self.read_ones

    def read(self, _session: Session, claimed: ClaimedDelivery, _now: datetime) -> None:
        self.read_ones.append((claimed.issue_id, claimed.variant))

    def for_notice(self, *_arguments: object) -> None:
        """Nobody sends it."""


# Claiming what is next, by the fast path.


@pytest.fixture
def postgres(migrated_postgres_url: str) -> Iterator[Database]:
    database = Database(sqlalchemy_address(migrated_postgres_url), for_sender=True)
    yield database
    database.close()


@pytest.fixture
def store(postgres: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """It need not look at everything again but where it must."""
    monkeypatch.setattr(db_executor, "FAST_CLAIM_SECONDS", FOR_EVER)
    with postgres.write() as session:
        readers(session, 10)
        sending(session)
    return Store(postgres, tmp_path)


def test_after_a_complete_claim_the_rest_is_claimed_by_the_fast_path(store: Store) -> None:
    assert len(set(store.claim_all())) == 10
    assert store.claims == ["complete", "fast", "fast", "fast", "complete"]


def test_those_who_were_passed_over_are_excluded_in_the_end(store: Store) -> None:
    with store.db.write() as session:
        gone = session.scalars(select(Delivery.subscriber_id).where(Delivery.id.in_((5, 8)))).all()
        left = update(Subscriber).where(Subscriber.id.in_(gone))
        session.execute(left.values(status=Status.UNSUBSCRIBED))
    assert len(set(store.claim_all())) == 8
    assert "fast" in store.claims
    with store.db.read() as session:
        assert balance_of(session, session.scalars(select(Issue)).one()).excluded == 2


def test_each_message_is_read_once_when_it_is_met_for_the_first_time(store: Store) -> None:
    with store.db.write() as session:
        session.execute(update(Delivery).where(Delivery.id.in_((6, 7, 9))).values(variant=3))
    store.claim_all()
    assert store.envelopes.read_ones == [(1, 0), (1, 3)]


def test_a_quota_is_counted_at_each_claim(store: Store, tmp_path: Path) -> None:
    counted = Store(store.db, tmp_path, per_day=7)
    assert len(counted.claim_all()) == 7
    assert set(counted.claims) == {"complete"}


def test_a_notice_waits_for_the_next_complete_claim_and_no_longer(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add_one() -> None:
        monkeypatch.setattr(db_executor, "FAST_CLAIM_SECONDS", 0.0)
        with store.db.write() as session:
            notice = Notice(kind=NoticeKind.ALERT, address="ann@example.org", created_at=NOW)
            notice.not_before = NOW
            session.add(notice)

    monkeypatch.setattr(db_executor, "FAST_CLAIM_SECONDS", 0.0)
    assert store.claim_all(add_one)[6][0] == "notice"


def test_a_lost_connection_is_claimed_around(store: Store) -> None:
    def lose() -> None:
        with store.db.write() as session:
            ended = session.scalars(
                text(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                    "WHERE query LIKE '%WITH sending AS%' AND pid <> pg_backend_pid() "
                    "AND datname = current_database()"
                )
            )
            assert list(ended) == [True]

    assert len(set(store.claim_all(lose))) == 10
    assert store.claims == ["complete", "fast", "complete", "fast", "complete"]


# Settling what the database refuses, on each database.

SENT = Outcome(Verdict.SENT, "250 ok")
POISON = Outcome(Verdict.SENT, "250 poison")
ON_SQLITE = """
    CREATE TRIGGER refuse_poison BEFORE UPDATE ON {table} WHEN new.reply LIKE '%poison%'
    BEGIN SELECT raise(ABORT, 'poison'); END
"""
ON_POSTGRES = "ALTER TABLE {table} ADD CONSTRAINT poison CHECK (reply NOT LIKE '%poison%')"


def refuse_poison(db: Database, table: str = "delivery") -> None:
    statement = ON_SQLITE if db.is_sqlite else ON_POSTGRES
    with db.write() as session:
        session.connection().exec_driver_sql(statement.replace("{table}", table).replace("%", "%%"))
        address = "curator@example.org"
        curator = Curator(address=address, address_key=address, password_hash="-", created_at=NOW)
        session.add(curator)


def owe(db: Database, number: int) -> None:
    with db.write() as session:
        readers(session, number)
        sending(session)


def ledger_rows(db: Database) -> list[tuple[DeliveryState, str | None, datetime | None]]:
    """The state, the reason and the next try of each delivery."""
    with db.read() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id))
        return [(row.state, row.reason, row.not_before) for row in rows]


def alerts(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(Notice.subject).where(Notice.kind == NoticeKind.ALERT)))


ROW_SENT = (DeliveryState.SENT, "sent", None)
ROW_UNKNOWN = (DeliveryState.UNKNOWN, "unrecorded", None)


def test_what_is_refused_is_unknown_and_the_others_are_as_reported(
    db: Database, tmp_path: Path
) -> None:
    owe(db, 4)
    refuse_poison(db)
    store = Store(db, tmp_path)
    rejected = Outcome(Verdict.REJECTED, "554 no")
    settled = store.settle_all([SENT, POISON, rejected, SENT])
    assert [report.outcome.verdict.value for report in settled] == [
        "sent", "unknown", "rejected", "sent",
    ]  # fmt: skip
    assert ledger_rows(db) == [
        ROW_SENT, ROW_UNKNOWN, (DeliveryState.FAILED, "rejected", None), ROW_SENT,
    ]  # fmt: skip
    with db.read() as session:
        assert balance_of(session, session.scalars(select(Issue)).one()).holds
        assert set(session.scalars(select(Delivery.worker))) == {None}
        assert set(session.scalars(select(Delivery.attempts))) == {1}


def test_a_whole_group_that_was_sent_is_settled_but_for_the_refused(
    db: Database, tmp_path: Path
) -> None:
    owe(db, 3)
    refuse_poison(db)
    Store(db, tmp_path).settle_all([SENT, POISON, SENT])
    assert ledger_rows(db) == [ROW_SENT, ROW_UNKNOWN, ROW_SENT]


def test_the_curators_are_told_once_an_issue(db: Database, tmp_path: Path) -> None:
    owe(db, 4)
    refuse_poison(db)
    store = Store(db, tmp_path)
    store.settle_all([POISON, POISON])
    subject = f"The outcome of a delivery of the issue of {NOW.date()} could not be recorded"
    assert alerts(db) == [subject]
    with db.write() as session:  # not to be claimed now
        session.execute(update(Notice).values(not_before=NOW + timedelta(days=1)))
    store.settle_all([POISON, SENT])
    assert ledger_rows(db) == [ROW_UNKNOWN] * 3 + [ROW_SENT]
    assert alerts(db) == [subject]


def test_a_notice_that_is_refused_is_unknown_too(db: Database, tmp_path: Path) -> None:
    refuse_poison(db, "notice")
    with db.write() as session:
        for address in ("ann@example.org", "bob@example.org"):
            session.add(
                Notice(
                    kind=NoticeKind.CONFIRMATION, address=address, created_at=NOW, not_before=NOW
                )
            )
    Store(db, tmp_path).settle_all([POISON, SENT])
    with db.read() as session:
        confirmations = select(Notice).where(Notice.kind == NoticeKind.CONFIRMATION)
        states = {notice.address: notice.state for notice in session.scalars(confirmations)}
    assert states == {
        "ann@example.org": DeliveryState.UNKNOWN,
        "bob@example.org": DeliveryState.SENT,
    }
    assert alerts(db) == ["The outcome of a notice could not be recorded"]


def test_a_database_that_refuses_everything_pauses_the_issue(db: Database, tmp_path: Path) -> None:
    owe(db, 5)
    refuse_poison(db)
    Store(db, tmp_path, breakers=Breakers(failures=3)).settle_all([POISON] * 5)
    with db.read() as session:
        issue = session.scalars(select(Issue)).one()
        assert (issue.state.value, issue.pause_reason) == (
            "paused",
            "3 failures in a row. The last: The database refused to record what became of it.",
        )


def test_the_log_has_what_the_database_says_and_nothing_of_the_row(
    db: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    owe(db, 2)
    refuse_poison(db)
    with caplog.at_level(logging.WARNING):
        Store(db, tmp_path).settle_all([SENT, Outcome(Verdict.SENT, "250 poison for reader1@x")])
    words = "poison" if db.is_sqlite else 'violates check constraint "poison"'
    assert f"is not recorded: {words}" in caplog.text.replace(
        'new row for relation "delivery" ', ""
    )
    assert "reader1@x" not in caplog.text


def test_what_cannot_even_be_marked_is_waited_for(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To go on would be to send it, and all that come after it, again and again."""
    monkeypatch.setattr(db_executor, "FIRST_RETRY", 0.0)
    owe(db, 2)
    refuse_poison(db)
    marks = itertools.count(1)

    class Marked(Store):
        def settle_as_unknown(self, report: Report) -> None:
            if next(marks) < 3:
                with self.db.write() as session:
                    session.execute(update(Delivery).values(reply="poison"))
            super().settle_as_unknown(report)

    Marked(db, tmp_path).settle_all([SENT, POISON])
    assert next(marks) == 4
    assert ledger_rows(db) == [ROW_SENT, ROW_UNKNOWN]


def test_an_error_of_our_own_concerns_its_message_alone(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(db, 3)

    class Faulty(Store):
        def settle(self, reports: Sequence[Report]) -> None:
            if any(report.outcome.verdict is Verdict.DEFERRED for report in reports):
                raise ZeroDivisionError
            super().settle(reports)

    Faulty(db, tmp_path).settle_all([SENT, Outcome(Verdict.DEFERRED, "450 later"), SENT])
    assert ledger_rows(db) == [ROW_SENT, ROW_UNKNOWN, ROW_SENT]


def test_a_claim_that_waiting_cannot_mend_is_not_repeated(db: Database, tmp_path: Path) -> None:
    class Faulty(Store):
        def claim(self, limit: int, now: datetime) -> list[Claim]:
            with self.db.write() as session:
                session.add(Notice(kind=NoticeKind.ALERT, address=None, created_at=NOW))
            return []

    with pytest.raises(IntegrityError):
        Faulty(db, tmp_path).settle_all([SENT])
