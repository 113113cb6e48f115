"""Claiming on PostgreSQL from the loop itself: what the ledger would, and no more."""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from newsletter import migrations
from newsletter.db import Database
from newsletter.delivery.queue import ledger
from newsletter.delivery.queue.balance import balance_of
from newsletter.delivery.queue.claim_cursor import BEGINNING, Place
from newsletter.delivery.queue.leases import LEASE
from newsletter.delivery.queue.ledger import Claimed
from newsletter.delivery.sending import db_executor
from newsletter.delivery.sending.claims import Held, Key
from newsletter.delivery.sending.db_executor import Bookkeeper
from newsletter.delivery.sending.pg_fast_path import CLAIM, Shortcuts
from newsletter.delivery.sending.worker_store import Books
from newsletter.models.delivery import Delivery, DeliveryState, Notice, NoticeKind
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Status, Subscriber, Suppression, SuppressionReason
from tests.delivery.lists import NOW, readers, sending

HOUR = timedelta(hours=1)
FOR_EVER = 1e9  # seconds


@pytest.fixture
def db(postgres_url: str) -> Iterator[Database]:
    database = Database(
        postgres_url.replace("postgresql://", "postgresql+psycopg://"), for_sender=True
    )
    migrations.upgrade(database)
    yield database
    database.close()


@pytest.fixture
def issue_id(db: Database) -> int:
    """An issue whose rows are in each state that one may be in when it is claimed."""
    with db.write() as session:
        readers(session, 16)
        issue = sending(session)
        found = session.execute(
            select(Delivery, Subscriber).join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        )
        by_number = {int(p.address[6:].partition("@")[0]): (row, p) for row, p in found}
        rows = [by_number[number][0] for number in range(16)]
        people = [by_number[number][1] for number in range(16)]
        people[1].name = 'Zoë {null} \\ "Q"'
        rows[2].not_before = NOW - HOUR  # put off
        rows[3].not_before = rows[3].wave_at = NOW - 2 * HOUR
        rows[4].not_before = NOW + HOUR
        rows[5].lease_until, rows[5].worker = NOW + HOUR, "another"
        rows[6].lease_until, rows[6].worker = NOW - HOUR, "another"
        rows[7].state, rows[7].attempts = DeliveryState.UNKNOWN, 2
        rows[8].state, rows[8].not_before = DeliveryState.SENT, None
        rows[9].state, rows[9].not_before = DeliveryState.FAILED, None
        rows[10].variant = 5
        people[11].status = Status.UNSUBSCRIBED
        rows[12].subscriber_id = None  # erased
        hashed = people[13].address_hash
        session.add(Suppression(address_hash=hashed, reason=SuppressionReason.BOUNCE, at=NOW))
        return issue.id


def claim(
    db: Database, issue_id: int, behind: Place = BEGINNING, limit: int = 100
) -> tuple[list[Claimed], Place]:
    async def ask() -> tuple[list[Claimed], Place] | None:
        shortcuts = Shortcuts(db, "a")
        try:
            return await shortcuts.claim(issue_id, behind, limit, NOW)
        finally:
            shortcuts.close()

    claimed = asyncio.run(ask())
    assert claimed is not None
    return claimed


def the_ledgers(db: Database) -> list[Claimed]:
    """What the ledger would claim."""
    with db.write() as session:
        claimed = ledger.claim(session, "a", 100, NOW)
        session.rollback()
    return claimed


def test_it_claims_what_the_ledger_would(db: Database, issue_id: int) -> None:
    expected = the_ledgers(db)
    assert len(expected) == 9
    assert claim(db, issue_id)[0] == expected
    with db.read() as session:
        leased = select(Delivery.id).where(
            Delivery.worker == "a", Delivery.lease_until == NOW + LEASE
        )
        assert set(session.scalars(leased)) == {c.id for c in expected}
    assert claim(db, issue_id)[0] == []


def test_it_goes_on_behind_a_place(db: Database, issue_id: int) -> None:
    expected = the_ledgers(db)
    first, place = claim(db, issue_id, limit=4)
    then, _ = claim(db, issue_id, place, limit=100)
    assert 0 < len(first) <= 4
    assert first + then == expected
    assert claim(db, issue_id, place) == ([], place)


def test_it_is_answered_alike_whatever_the_server_is_set_to(db: Database, issue_id: int) -> None:
    expected = the_ledgers(db)
    with db.write() as session:
        name = session.scalar(select(func.current_database()))
        for setting in ("DateStyle = 'German'", "TimeZone = 'Asia/Kathmandu'"):
            session.execute(text(f'ALTER DATABASE "{name}" SET {setting}'))
    assert claim(db, issue_id)[0] == expected


@pytest.mark.parametrize("state", [state for state in IssueState if state != "sending"])
def test_nothing_of_an_issue_that_is_not_being_sent(
    db: Database, issue_id: int, state: IssueState
) -> None:
    with db.write() as session:
        session.execute(update(Issue).values(state=state))
    assert claim(db, issue_id)[0] == []


def test_what_another_is_claiming_is_passed_over(db: Database, issue_id: int) -> None:
    expected = the_ledgers(db)
    with db.write() as session:
        theirs = ledger.claim(session, "b", 3, NOW)
        ours, _ = claim(db, issue_id)
    assert not {c.id for c in theirs} & {c.id for c in ours}
    assert {*theirs, *ours} == {*expected}


@pytest.mark.parametrize("number", [2, 1_000, 5_000])  # of which the planner thinks otherwise
def test_it_reads_the_rows_that_it_wants_and_no_others(db: Database, number: int) -> None:
    with db.write() as session:
        readers(session, number)
        issue = sending(session)
        connection = session.connection()
        connection.exec_driver_sql(f"PREPARE claim AS {CLAIM}")
        told = f"{issue.id}, '{NOW}', '{BEGINNING[0]}', 0, 2, '{NOW + LEASE}', 'a'"
        plan = connection.exec_driver_sql(f"EXPLAIN EXECUTE claim({told})").scalars()
        assert "Index Scan using ix_delivery_open" in (said := "\n".join(plan))
        assert "Index Scan using pk_subscriber" in said
        assert "Seq Scan on delivery" not in said
        assert "Seq Scan on subscriber" not in said
        assert "Join Filter" not in said


# Going on by it.


class Messages:
    """Knows the frozen messages that it was told to read."""

    def __init__(self) -> None:
        self.known: set[tuple[int, int]] = set()

    def knows(self, keys: set[tuple[int, int]]) -> bool:
        return self.known >= keys

    def know(self, _session: Session, keys: set[tuple[int, int]], _now: object) -> None:
        self.known |= keys

    def for_notice(self, *_told: object) -> None:
        """Nobody sends it."""


class Desk(Books):
    """Claims of one worker, three at a time; ``claims`` has how each was made."""

    def __init__(self, db: Database, home: Path, per_day: int | None = None) -> None:
        self.db = db
        self.messages = Messages()
        self.claims: list[str] = []
        super().__init__(db, self.messages, home, "a", per_day)  # type: ignore[arg-type]

    def claim(self, limit: int, now: datetime) -> list[Held]:
        self.claims.append("complete")
        return super().claim(limit, now)

    def claimed_onward(self, claimed: Sequence[Claimed], place: Place, limit: int) -> list[Held]:
        self.claims.append("onward")
        return super().claimed_onward(claimed, place, limit)

    def claim_all(self, after_two: Callable[[], None] = lambda: None) -> list[Key]:
        """The keys, until a claim finds nothing."""

        async def claim() -> list[Key]:
            keeper = Bookkeeper(self)
            try:
                found = [await keeper.claim(3, NOW), await keeper.claim(3, NOW)]
                after_two()
                while found[-1]:
                    found.append(await keeper.claim(3, NOW))
            finally:
                keeper.close()
            return [held.key for held in itertools.chain(*found)]

        return asyncio.run(claim())


@pytest.fixture
def desk(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """It need not look at everything again but where it must."""
    monkeypatch.setattr(db_executor, "ONWARD_SECONDS", FOR_EVER)
    with db.write() as session:
        readers(session, 10)
        sending(session)
    return Desk(db, tmp_path)


def test_after_a_complete_claim_the_rest_is_claimed_onward(desk: Desk) -> None:
    assert len(set(desk.claim_all())) == 10
    assert desk.claims == ["complete", "onward", "onward", "onward", "complete"]


def test_those_who_were_passed_over_are_excluded_in_the_end(desk: Desk) -> None:
    with desk.db.write() as session:
        gone = session.scalars(select(Delivery.subscriber_id).where(Delivery.id.in_((5, 8)))).all()
        left = update(Subscriber).where(Subscriber.id.in_(gone))
        session.execute(left.values(status=Status.UNSUBSCRIBED))
    assert len(set(desk.claim_all())) == 8
    assert "onward" in desk.claims
    with desk.db.read() as session:
        assert balance_of(session, session.scalars(select(Issue)).one()).excluded == 2


def test_a_message_that_is_met_for_the_first_time_is_read(desk: Desk) -> None:
    with desk.db.write() as session:
        session.execute(update(Delivery).where(Delivery.id == 6).values(variant=3))
    desk.claim_all()
    assert {variant for _, variant in desk.messages.known} == {0, 3}


def test_a_quota_is_counted_at_each_claim(desk: Desk, tmp_path: Path) -> None:
    counted = Desk(desk.db, tmp_path, per_day=7)
    assert len(counted.claim_all()) == 7
    assert set(counted.claims) == {"complete"}


def test_a_notice_waits_for_the_next_complete_claim_and_no_longer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bring_one() -> None:
        monkeypatch.setattr(db_executor, "ONWARD_SECONDS", 0.0)
        with desk.db.write() as session:
            notice = Notice(kind=NoticeKind.ALERT, address="ann@example.org", created_at=NOW)
            notice.not_before = NOW
            session.add(notice)

    monkeypatch.setattr(db_executor, "ONWARD_SECONDS", 0.0)
    assert desk.claim_all(bring_one)[6][0] == "notice"


def test_a_lost_connection_is_claimed_around(desk: Desk) -> None:
    def lose() -> None:
        with desk.db.write() as session:
            ended = session.scalars(
                text(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                    "WHERE query LIKE '%WITH sending AS%' AND pid <> pg_backend_pid() "
                    "AND datname = current_database()"
                )
            )
            assert list(ended) == [True]

    assert len(set(desk.claim_all(lose))) == 10
    assert desk.claims == ["complete", "onward", "complete", "onward", "complete"]
