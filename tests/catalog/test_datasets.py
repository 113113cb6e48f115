"""Recording datasets: a slug belongs to whoever was first."""

import threading
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from newsletter.catalog import datasets
from newsletter.catalog.dataset_import import Intake
from newsletter.catalog.package.draft import draft
from newsletter.db import Database
from newsletter.errors import SlugTaken
from tests.postgres import sqlalchemy_address

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
INTAKE = Intake(draft("rivers", "The longest rivers", "CC0-1.0", "rivers.csv"), (), None, "0" * 64)


def test_a_slug_that_is_taken_is_refused(db: Database) -> None:
    with db.write() as session:
        datasets.create(session, "rivers", INTAKE, NOW)
    with db.write() as session, pytest.raises(SlugTaken):
        datasets.create(session, "rivers", INTAKE, NOW)


def test_of_two_at_the_same_instant_one_is_told_that_it_is_taken(
    migrated_postgres_url: str,
) -> None:
    db = Database(sqlalchemy_address(migrated_postgres_url))
    refused: list[SlugTaken] = []

    def second() -> None:
        try:
            with db.write() as session:
                datasets.create(session, "rivers", INTAKE, NOW)
        except SlugTaken as error:
            refused.append(error)

    with db.write() as session:
        datasets.create(session, "rivers", INTAKE, NOW)
        thread = threading.Thread(target=second)
        thread.start()
        _until_somebody_waits(db)
    thread.join()
    assert len(refused) == 1
    db.close()


def _until_somebody_waits(db: Database) -> None:
    """Return once a transaction waits for the end of another one."""
    deadline = time.monotonic() + 30
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while True:
        with db.read() as session:
            if session.scalar(waiting):
                return
        assert time.monotonic() < deadline
        time.sleep(0.01)
