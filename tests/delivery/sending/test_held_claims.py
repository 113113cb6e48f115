"""What was claimed is handed over only while it is ours, by a clock that no halt stops."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from newsletter.audience.subscriptions import leave
from newsletter.delivery.issue_run.pause import being_sent, halt
from newsletter.delivery.queue.leases import LEASE
from newsletter.delivery.sending.db_executor import DbExecutor
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.held_claims import FRESH_SECONDS, HELD_SECONDS, HeldClaims
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.installation import Installation
from newsletter.models.subscriber import Subscriber
from newsletter.settings import Settings
from tests.functional.lists import add_readers, begin_issue
from tests.migrated import migrate

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Worker:
    """With three claims, and both clocks in the test's hands."""

    def __init__(self, installation: Installation, name: str) -> None:
        self.seconds = 0.0
        envelopes = Envelopes(installation.settings, installation.storage, installation.signer)
        self.store = WorkerStore(installation.db, envelopes, installation.settings.home, name)
        self.executor = DbExecutor(self.store)
        self.held_claims = HeldClaims(
            self.executor, lambda: NOW + timedelta(seconds=self.seconds), lambda: self.seconds
        )

    async def claim(self) -> None:
        claims = await self.executor.claim(3, NOW)
        self.held_claims.add(claims, self.seconds)
        self.keys = [claim.key for claim in claims]

    async def standing(self) -> tuple[list[bool], list[bool]]:
        may_begin = [await self.held_claims.may_begin(key) for key in self.keys]
        return may_begin, [await self.held_claims.may_end(key) for key in self.keys]


@pytest.fixture
def installation(environ: dict[str, str], database_url: str) -> Iterator[Installation]:
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    migrate(opened.db)
    add_readers(opened, 3, NOW)
    begin_issue(opened, NOW.date(), NOW)
    yield opened
    opened.db.close()


@pytest.fixture
def worker(installation: Installation) -> Iterator[Worker]:
    opened = Worker(installation, "a")
    yield opened
    opened.executor.close()


ALL, NONE = [True] * 3, [False] * 3


def test_after_its_lease_it_asks_and_keeps_what_nobody_took(worker: Worker) -> None:
    async def run() -> None:
        await worker.claim()
        worker.seconds = LEASE.total_seconds() * 10
        assert await worker.standing() == (ALL, ALL)
        worker.seconds += HELD_SECONDS - 1
        assert await worker.standing() == (ALL, ALL)

    asyncio.run(run())


def test_what_another_took_over_is_neither_begun_nor_ended(
    worker: Worker, installation: Installation
) -> None:
    other = Worker(installation, "b").store

    async def run() -> None:
        await worker.claim()
        worker.seconds = LEASE.total_seconds() + 1
        taken = other.claim(2, NOW + timedelta(seconds=worker.seconds))
        lost = {claim.key for claim in taken}
        still_ours = [key not in lost for key in worker.keys]
        assert await worker.standing() == (still_ours, still_ours)
        await worker.held_claims.renew()
        assert await worker.standing() == (still_ours, still_ours)

    asyncio.run(run())


def test_a_reader_who_left_gets_nothing_even_of_what_was_begun(
    worker: Worker, installation: Installation
) -> None:
    async def run() -> None:
        await worker.claim()
        assert await worker.standing() == (ALL, ALL)
        with installation.db.write() as session:
            leave(session, session.scalars(select(Subscriber).limit(1)).one(), NOW)
        worker.seconds = FRESH_SECONDS
        may_begin, may_end = await worker.standing()
        assert may_begin == may_end
        assert sorted(may_end) == [False, True, True]

    asyncio.run(run())


def test_of_a_paused_issue_what_was_begun_may_end(
    worker: Worker, installation: Installation
) -> None:
    async def run() -> None:
        await worker.claim()
        with installation.db.write() as session:
            for issue in being_sent(session):
                halt(session, issue, "a test", NOW)
        worker.held_claims.invalidate()
        assert await worker.standing() == (NONE, ALL)

    asyncio.run(run())


def test_what_is_settled_or_was_never_claimed_may_not_go(worker: Worker) -> None:
    async def run() -> None:
        await worker.claim()
        worker.held_claims.drop(worker.keys)
        assert await worker.standing() == (NONE, NONE)
        assert worker.keys[0] not in worker.held_claims

    asyncio.run(run())


def test_a_look_is_for_all_and_counts_once_it_was_made(worker: Worker) -> None:
    """Nobody goes on a look that another has only begun."""
    looks = 0
    standing = worker.store.standing

    async def run() -> None:
        nonlocal looks
        await worker.claim()
        worker.seconds = FRESH_SECONDS

        async def slowly(work: object, *arguments: object) -> object:
            nonlocal looks
            looks += 1
            await asyncio.sleep(0)
            assert not going
            return standing(*arguments)  # type: ignore[arg-type]

        going: list[bool] = []
        worker.executor.run = slowly  # type: ignore[method-assign, assignment]

        async def go(key: tuple[str, int]) -> None:
            going.append(await worker.held_claims.may_end(key))

        await asyncio.gather(*map(go, worker.keys))
        assert going == ALL

    asyncio.run(run())
    assert looks == 1
