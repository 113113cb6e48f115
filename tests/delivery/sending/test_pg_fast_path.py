"""The fast path on PostgreSQL claims and settles what the ledger would, and no more."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import uvloop
from sqlalchemy import func, select, text, update

from newsletter.db import Database
from newsletter.delivery.queue import ledger
from newsletter.delivery.queue.claim_cursor import BEGINNING, Position
from newsletter.delivery.queue.leases import LEASE
from newsletter.delivery.queue.ledger import ClaimedDelivery
from newsletter.delivery.sending.pg_fast_path import CLAIM, FastPath
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Status, Subscriber, Suppression, SuppressionReason
from tests.delivery.lists import NOW, readers, sending
from tests.postgres import sqlalchemy_address

HOUR = timedelta(hours=1)


@pytest.fixture
def db(migrated_postgres_url: str) -> Iterator[Database]:
    database = Database(sqlalchemy_address(migrated_postgres_url), for_sender=True)
    yield database
    database.close()


@pytest.fixture
def issue_id(db: Database) -> int:
    """An issue whose rows are in each state that one may be in when it is claimed."""
    with db.write() as session:
        readers(session, 16)
        issue = sending(session)
        entered = session.execute(
            select(Delivery, Subscriber).join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        )
        by_number = {int(p.address[6:].partition("@")[0]): (row, p) for row, p in entered}
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
    db: Database, issue_id: int, behind: Position = BEGINNING, limit: int = 100
) -> tuple[list[ClaimedDelivery], Position]:
    async def ask() -> tuple[list[ClaimedDelivery], Position] | None:
        fast_path = FastPath(db, "a")
        try:
            return await fast_path.claim(issue_id, behind, limit, NOW)
        finally:
            fast_path.close()

    claimed = asyncio.run(ask())
    assert claimed is not None
    return claimed


def the_ledgers(db: Database) -> list[ClaimedDelivery]:
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


def test_it_goes_on_behind_a_position(db: Database, issue_id: int) -> None:
    expected = the_ledgers(db)
    first, last = claim(db, issue_id, limit=4)
    then, _ = claim(db, issue_id, last, limit=100)
    assert 0 < len(first) <= 4
    assert first + then == expected
    assert claim(db, issue_id, last) == ([], last)


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
        values = f"{issue.id}, '{NOW}', '{BEGINNING.due_at}', 0, 2, '{NOW + LEASE}', 'a'"
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN EXECUTE claim({values})").scalars())
        assert "Index Scan using ix_delivery_open" in plan
        assert "Index Scan using pk_subscriber" in plan
        assert "Seq Scan on delivery" not in plan
        assert "Seq Scan on subscriber" not in plan
        assert "Join Filter" not in plan


# Settlements.


@pytest.fixture
def four(db: Database) -> Database:
    """With an issue to four readers."""
    with db.write() as session:
        readers(session, 4)
        sending(session)
    return db


def ids(four: Database) -> list[int]:
    with four.read() as session:
        return list(session.scalars(select(Delivery.id).order_by(Delivery.id)))


def replies(four: Database) -> dict[str | None, int]:
    """The replies of those that were sent, and at which try."""
    with four.read() as session:
        sent = select(Delivery).where(Delivery.state == DeliveryState.SENT)
        return {d.reply: d.attempts for d in session.scalars(sent) if d.settled_at == NOW}


def test_it_records_what_was_sent_and_nothing_else(four: Database) -> None:
    async def settle() -> bool:
        fast_path = FastPath(four, "a")
        try:
            return await fast_path.settle_sent({n: f"250 {n}" for n in ids(four)[:3]}, NOW)
        finally:
            fast_path.close()

    assert asyncio.run(settle())
    assert replies(four) == {f"250 {n}": 1 for n in ids(four)[:3]}


def test_a_reply_may_hold_whatever_a_server_says(four: Database) -> None:
    texts = ['2.0.0 {"queued", as \\"1\\"}', "250 ok, NULL", "Größe {}", "a\nb"]

    async def settle() -> bool:
        fast_path = FastPath(four, "a")
        try:
            return await fast_path.settle_sent(dict(zip(ids(four), texts, strict=True)), NOW)
        finally:
            fast_path.close()

    assert asyncio.run(settle())
    assert set(replies(four)) == set(texts)


def test_what_was_sent_is_not_sent_again(four: Database) -> None:
    async def settle() -> None:
        fast_path = FastPath(four, "a")
        await fast_path.settle_sent({ids(four)[0]: "first"}, NOW)
        await fast_path.settle_sent({ids(four)[0]: "second"}, NOW)
        fast_path.close()

    asyncio.run(settle())
    assert replies(four) == {"first": 1}


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_lost_connection_is_noticed_and_another_is_opened(
    four: Database,
    migrated_postgres_url: str,
    run: Callable[[Coroutine[Any, Any, list[bool]]], list[bool]],
) -> None:
    first, second = ids(four)[:2]

    async def settle() -> list[bool]:
        fast_path = FastPath(four, "a")
        outcomes = [await fast_path.settle_sent({first: "before"}, NOW)]
        with psycopg.connect(migrated_postgres_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        for _ in range(2):
            outcomes.append(await fast_path.settle_sent({second: "after"}, NOW))
        fast_path.close()
        return outcomes

    assert run(settle()) == [True, False, True]
    four.engine.dispose()  # its connections were ended, too
    assert replies(four) == {"before": 1, "after": 1}


def test_what_the_server_refuses_is_not_taken_for_done(four: Database) -> None:
    with four.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE delivery ALTER reply TYPE varchar(3)")

    async def settle() -> list[bool]:
        fast_path = FastPath(four, "a")
        outcomes = [
            await fast_path.settle_sent({ids(four)[0]: reply}, NOW) for reply in ("too long", "250")
        ]
        fast_path.close()
        return outcomes

    assert asyncio.run(settle()) == [False, True]


def test_a_loop_outlives_one_lost_connection_after_another(
    four: Database, migrated_postgres_url: str
) -> None:
    """libpq closes a lost socket, and the next connection takes its number."""

    async def settle() -> int:
        fast_path = FastPath(four, "a")
        lost = 0
        for key in ids(four) * 10:
            lost += not await fast_path.settle_sent({key: "sent"}, NOW)
            with psycopg.connect(migrated_postgres_url, autocommit=True) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            with suppress(psycopg.Error):
                (await asyncio.to_thread(four.postgres.direct)).close()
        fast_path.close()
        return lost

    assert uvloop.run(settle()) > 0
    four.engine.dispose()
