"""What a killed worker held is freed at once, and nobody looks for it without a reason."""

from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import func, select

from newsletter.db import Database
from newsletter.delivery.queue import leases, ledger, worker_liveness
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


def test_what_is_due_and_held_is_seen_whoever_holds_it(
    store: WorkerStore, db: Database, killed: str, tmp_path: Path
) -> None:
    """The same worker, too: it may never have heard that a claim was granted."""
    of_its_own = WorkerStore(db, NO_ENVELOPES, tmp_path, killed)
    assert store.is_any_leased(NOW)
    assert of_its_own.is_any_leased(NOW)
    assert not of_its_own.is_any_leased(NOW + leases.LEASE)
    store.release_crashed(all_leases=True)
    assert not of_its_own.is_any_leased(NOW)
