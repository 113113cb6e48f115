"""What is made for readers is made once, by few tasks at a time, and not again if it fails."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.catalog.versions import changes
from newsletter.db import Database
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.errors import Busy
from newsletter.installation import Installation
from newsletter.models.dataset import Version
from newsletter.models.task import Task, TaskState
from newsletter.services.datasets import derived_files
from newsletter.settings import Settings
from tests import factories

SECOND = factories.PENGUINS.replace("46.5", "46.6")


@pytest.fixture
def installation(
    environ: dict[str, str], database_url: str, db: Database
) -> Iterator[Installation]:
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    with opened.db.write() as session:
        factories.dataset(session, opened.storage)
        factories.newer(session, opened.storage, "penguins", "2.0.0", SECOND)
    yield opened
    opened.db.close()


def pair(installation: Installation) -> tuple[Version, Version]:
    with installation.db.read() as session:
        old, new = (datasets.published(session, "penguins", n) for n in ("1.0.0", "2.0.0"))
        assert old.tables
        assert new.tables
        assert new.dataset
    return old, new


def tasks(installation: Installation) -> list[Task]:
    with installation.db.read() as session:
        return list(session.scalars(select(Task).order_by(Task.id)))


def test_many_who_ask_at_once_are_one_task(installation: Installation) -> None:
    old, new = pair(installation)
    assert changes.kept(old, new, installation.storage) is None
    asking = [
        threading.Thread(
            target=derived_files.ask_for_comparison, args=(installation, old, new, clock.now())
        )
        for _ in range(8)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    (task,) = tasks(installation)
    assert (task.started_by, task.priority) == ("a reader", -10)
    run_until_idle(installation)
    assert changes.kept(old, new, installation.storage) == changes.between(
        old, new, installation.storage
    )
    assert tasks(installation)[0].state is TaskState.DONE


def test_few_of_them_wait_at_a_time(installation: Installation) -> None:
    now = clock.now()
    for number in range(derived_files.MOST):
        derived_files.ask_for_encoding(installation, f"{number:064}.csv", "br", now)
    with pytest.raises(Busy, match="in a minute"):
        derived_files.ask_for_encoding(installation, f"{99:064}.csv", "br", now)
    derived_files.ask_for_encoding(installation, f"{1:064}.csv", "br", now)  # waits already
    derived_files.ask_for_comparison(installation, *pair(installation), now)  # another kind
    assert len(tasks(installation)) == derived_files.MOST + 1


def test_what_failed_is_tried_again_a_day_later(installation: Installation) -> None:
    old, new = pair(installation)
    now = clock.now()
    derived_files.ask_for_comparison(installation, old, new, now)
    with installation.db.write() as session:
        session.execute(update(Task).values(state=TaskState.FAILED, finished_at=now))
    with pytest.raises(Busy, match="curators"):
        derived_files.ask_for_comparison(installation, old, new, now)
    later = now + timedelta(days=1, minutes=1)
    derived_files.ask_for_comparison(installation, old, new, later)
    assert len(tasks(installation)) == 2


def test_a_file_is_compressed_by_a_task(installation: Installation) -> None:
    old, _ = pair(installation)
    key = old.tables[0].files["csv"]["key"]
    derived_files.ask_for_encoding(installation, key, "gzip", clock.now())
    run_until_idle(installation)
    assert installation.storage.exists(f"{key}.gz")
