"""Tasks of three kinds, their workers and whoever promises them killed by -9 at random."""

import os
import time
from pathlib import Path

import pytest
from huey import SqliteHuey
from sqlalchemy import text

from newsletter.delivery.queue import worker_liveness
from newsletter.installation import Installation
from newsletter.models.task import TaskState
from newsletter.settings import Settings
from newsletter.tasks import listing
from tests.crash.stand import processes
from tests.crash.task_worker import KINDS, STEPS, TABLES, Processes, Reader, promise, work
from tests.migrated import migrate

TASKS = 200
KILLS = int(os.environ.get("NEWSLETTER_TESTS_KILLS", "10"))
SECONDS = 240.0


@pytest.fixture
def crash_environ(environ: dict[str, str], database_url: str) -> dict[str, str]:
    return environ | {"DATABASE_URL": database_url}


@pytest.fixture
def installation(crash_environ: dict[str, str]) -> Installation:
    opened = Installation.open(Settings.load(crash_environ))
    migrate(opened.db)
    with opened.db.write() as session:
        for statement in TABLES:
            session.execute(text(statement))
    return opened


def rows(installation: Installation, table: str) -> int:
    with installation.db.read() as session:
        return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def unfinished(installation: Installation) -> int:
    with installation.db.read() as session:
        counts = listing.counts(session)
    return counts[TaskState.QUEUED] + counts[TaskState.RUNNING]


def left_behind(installation: Installation) -> int:
    """What an engine keeps still, and has no task for."""
    if not installation.db.is_sqlite:
        with installation.db.read() as session:
            return int(session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) or 0)
    huey = SqliteHuey("tasks", filename=str(installation.settings.home / "tasks.db"))
    huey.task(name="newsletter.task")(print)
    number: int = huey.pending_count() + huey.scheduled_count()
    huey.storage.close()
    return number


def wait_until_done(installation: Installation) -> None:
    deadline = time.monotonic() + SECONDS
    while unfinished(installation) or left_behind(installation):
        assert time.monotonic() < deadline, "tasks were left"
        time.sleep(0.1)


def test_each_takes_effect_exactly_once(
    installation: Installation, crash_environ: dict[str, str], tmp_path: Path
) -> None:
    killing = Processes(processes(), crash_environ, seed=7)
    with Reader(installation) as reader:
        killing.kill_some(promise, max(KILLS // 5, 2), lambda: rows(installation, "promise"), TASKS)
        with killing.running(promise, TASKS) as promising:
            killing.kill_some(work, KILLS, lambda: rows(installation, "effect"))
            promising.join()
        with killing.running(work):
            wait_until_done(installation)
    with installation.db.read() as session:
        promised = set(session.scalars(text("SELECT task_id FROM promise")))
        tasks = {task.id: task for task in listing.latest(session, size=TASKS * 2)}
        effects = session.execute(text("SELECT task_id, step FROM effect")).all()
    assert promised == set(tasks)  # done if and only if it was committed
    assert len(tasks) == TASKS
    assert {task.state for task in tasks.values()} == {TaskState.DONE}
    steps = {"once": 1, "batches": STEPS, "locked": STEPS}
    expected = [(i, step) for i, task in tasks.items() for step in range(steps[task.name])]
    assert sorted(map(tuple, effects)) == sorted(expected)
    assert {task.name for task in tasks.values()} == {kind.name for kind in KINDS}
    assert reader.backwards == []
    assert reader.looks > 10
    assert sum(task.crashes for task in tasks.values()) > 0, "no kill hit a task"
    workers = {task.worker for task in tasks.values() if task.worker}
    assert not worker_liveness.dead(installation.settings.home, workers)
    installation.db.close()
