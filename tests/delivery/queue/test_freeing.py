"""What a killed worker held is freed at once, and nobody looks for it without a reason."""

from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import func, select

from newsletter.db import Database
from newsletter.delivery.queue import ledger, worker_liveness
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.models.delivery import Delivery
from tests.delivery.lists import NOW, readers, sending

NO_ENVELOPES = cast(Envelopes, None)  # nothing is sent here
READERS = 4


@pytest.fixture
def killed(db: Database, tmp_path: Path) -> str:
    """A worker of this home that held half of an issue."""
    with worker_liveness.registered(tmp_path) as name, db.write() as session:
        readers(session, READERS)
        sending(session)
        ledger.claim(session, name, READERS // 2, NOW)
    return name


@pytest.fixture
def store(db: Database, tmp_path: Path) -> WorkerStore:
    return WorkerStore(db, NO_ENVELOPES, tmp_path, "another")


def leased(db: Database) -> int:
    with db.read() as session:
        leased = select(func.count()).where(Delivery.lease_until.is_not(None))
        return session.scalars(leased).one()


def test_a_file_that_is_left_tells_that_somebody_was_killed(
    store: WorkerStore, db: Database, killed: str, tmp_path: Path
) -> None:
    assert store.release_crashed() == 0
    (tmp_path / "workers" / killed).touch()
    assert store.release_crashed() == READERS // 2
    assert leased(db) == 0
    assert worker_liveness.crashed(tmp_path) == set()


def test_a_worker_that_begins_looks_thoroughly(
    store: WorkerStore, db: Database, killed: str
) -> None:
    assert store.release_crashed(all_leases=True) == READERS // 2
    assert leased(db) == 0


def test_what_is_due_and_held_by_another_is_seen(
    store: WorkerStore, db: Database, killed: str
) -> None:
    assert store.is_leased_elsewhere(NOW)
    store.release_crashed(all_leases=True)
    assert not store.is_leased_elsewhere(NOW)
