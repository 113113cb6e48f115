"""Settling on PostgreSQL from the loop itself."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import uvloop
from sqlalchemy import select

from newsletter import migrations
from newsletter.db import Database
from newsletter.delivery.sending.pg_fast_path import Shortcuts
from newsletter.models.delivery import Delivery, DeliveryState
from tests.delivery.lists import readers, sending

NOW = datetime(2026, 11, 30, 14, tzinfo=UTC)


@pytest.fixture
def db(postgres_url: str) -> Iterator[Database]:
    database = Database(
        postgres_url.replace("postgresql://", "postgresql+psycopg://"), for_sender=True
    )
    migrations.upgrade(database)
    with database.write() as session:
        readers(session, 4)
        sending(session)
    yield database
    database.close()


def ids(db: Database) -> list[int]:
    with db.read() as session:
        return list(session.scalars(select(Delivery.id).order_by(Delivery.id)))


def told(db: Database) -> dict[str | None, int]:
    """The replies of those that were sent, and at which try."""
    with db.read() as session:
        sent = select(Delivery).where(Delivery.state == DeliveryState.SENT)
        return {d.reply: d.attempts for d in session.scalars(sent) if d.settled_at == NOW}


def test_it_records_what_was_sent_and_nothing_else(db: Database) -> None:
    async def settle() -> bool:
        shortcuts = Shortcuts(db, "a")
        try:
            return await shortcuts.settle_sent({n: f"250 {n}" for n in ids(db)[:3]}, NOW)
        finally:
            shortcuts.close()

    assert asyncio.run(settle())
    assert told(db) == {f"250 {n}": 1 for n in ids(db)[:3]}


def test_a_reply_may_hold_whatever_a_server_says(db: Database) -> None:
    said = ['2.0.0 {"queued", as \\"1\\"}', "250 ok, NULL", "Größe {}", "a\nb"]

    async def settle() -> bool:
        shortcuts = Shortcuts(db, "a")
        try:
            return await shortcuts.settle_sent(dict(zip(ids(db), said, strict=True)), NOW)
        finally:
            shortcuts.close()

    assert asyncio.run(settle())
    assert set(told(db)) == set(said)


def test_what_was_sent_is_not_sent_again(db: Database) -> None:
    async def settle() -> None:
        shortcuts = Shortcuts(db, "a")
        await shortcuts.settle_sent({ids(db)[0]: "first"}, NOW)
        await shortcuts.settle_sent({ids(db)[0]: "second"}, NOW)
        shortcuts.close()

    asyncio.run(settle())
    assert told(db) == {"first": 1}


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_lost_connection_is_told_and_another_is_opened(
    db: Database, postgres_url: str, run: Callable[[Coroutine[Any, Any, list[bool]]], list[bool]]
) -> None:
    first, second = ids(db)[:2]

    async def settle() -> list[bool]:
        shortcuts = Shortcuts(db, "a")
        outcomes = [await shortcuts.settle_sent({first: "before"}, NOW)]
        with psycopg.connect(postgres_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        for _ in range(2):
            outcomes.append(await shortcuts.settle_sent({second: "after"}, NOW))
        shortcuts.close()
        return outcomes

    assert run(settle()) == [True, False, True]
    db.engine.dispose()  # its connections were ended, too
    assert told(db) == {"before": 1, "after": 1}


def test_what_the_server_refuses_is_not_taken_for_done(db: Database) -> None:
    with db.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE delivery ALTER reply TYPE varchar(3)")

    async def settle() -> list[bool]:
        shortcuts = Shortcuts(db, "a")
        outcomes = [
            await shortcuts.settle_sent({ids(db)[0]: reply}, NOW) for reply in ("too long", "250")
        ]
        shortcuts.close()
        return outcomes

    assert asyncio.run(settle()) == [False, True]


def test_a_loop_outlives_one_lost_connection_after_another(db: Database, postgres_url: str) -> None:
    """libpq closes a lost socket, and the next connection takes its number."""

    async def settle() -> int:
        shortcuts = Shortcuts(db, "a")
        lost = 0
        for key in ids(db) * 10:
            lost += not await shortcuts.settle_sent({key: "sent"}, NOW)
            with psycopg.connect(postgres_url, autocommit=True) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            with suppress(psycopg.Error):
                (await asyncio.to_thread(db.driver_connection)).close()
        shortcuts.close()
        return lost

    assert uvloop.run(settle()) > 0
    db.engine.dispose()
