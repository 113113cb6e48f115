"""How a sender claims and settles: the ordinary by the fast path, the refused one by one."""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from newsletter import migrations
from newsletter.db import Database
from newsletter.delivery.queue.balance import balance_of
from newsletter.delivery.queue.claim_cursor import Position
from newsletter.delivery.queue.ledger import Key
from newsletter.delivery.sending import db_executor
from newsletter.delivery.sending.claims import Claim, Report
from newsletter.delivery.sending.db_executor import DbExecutor
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.models.delivery import Delivery, Notice, NoticeKind
from newsletter.models.issue import Issue
from newsletter.models.subscriber import Status, Subscriber
from newsletter.rates import Breakers
from newsletter.transports.base import Outcome
from tests.delivery.lists import NOW, readers, sending

FOR_EVER = 1e9  # seconds


class Store(WorkerStore):
    """Of one worker, without messages; ``claims`` has how each claim was made."""

    def __init__(
        self,
        db: Database,
        home: Path,
        per_day: int | None = None,
        breakers: Breakers = Breakers(failures=None),  # noqa: B008 - it is frozen
    ) -> None:
        self.db = db
        self.claims: list[str] = []
        super().__init__(db, Envelopes(), home, "a", per_day, breakers)  # type: ignore[arg-type]

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
    def for_notice(self, *_arguments: object) -> None:
        """Nobody sends it."""


# Claiming what is next, by the fast path.


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    database = Database(
        postgres_url.replace("postgresql://", "postgresql+psycopg://"), for_sender=True
    )
    migrations.upgrade(database)
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
