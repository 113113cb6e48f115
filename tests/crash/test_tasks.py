"""Tasks of many kinds: their workers, whoever promises them and the site killed by -9 at random."""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import requests
from huey import SqliteHuey
from sqlalchemy import select, text

from newsletter import clock, jobs
from newsletter.curators import accounts
from newsletter.delivery.queue import worker_liveness
from newsletter.installation import Installation
from newsletter.jobs import purge_task_files
from newsletter.models.curator import Role
from newsletter.models.delivery import Notice
from newsletter.models.subscriber import Subscriber
from newsletter.models.task import Task, TaskState
from newsletter.settings import Settings
from newsletter.tasks import listing, queueing
from newsletter.tasks.definition import Definition
from tests.crash.stand import processes
from tests.crash.task_worker import (
    ENDLESS,
    KINDS,
    POISON,
    STEPS,
    TABLES,
    Processes,
    Reader,
    WebProcess,
    promise,
    work,
)
from tests.functional.site import CURATOR, PASSWORD, free_port
from tests.functional.visitor import Visitor
from tests.migrated import migrate

TASKS = 200
ROWS = 350  # of each file that is imported
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
        accounts.add_curator(session, CURATOR, Role.OWNER, PASSWORD, clock.now())
    return opened


def rows(installation: Installation, table: str) -> int:
    with installation.db.read() as session:
        return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def unfinished(installation: Installation) -> int:
    with installation.db.read() as session:
        counts = listing.counts(session)
    return counts[TaskState.QUEUED] + counts[TaskState.RUNNING]


def is_running(installation: Installation) -> bool:
    with installation.db.read() as session:
        return listing.counts(session)[TaskState.RUNNING] > 0


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


def promised(installation: Installation, kind: Definition, number: int) -> list[int]:
    with installation.db.write() as session:
        return [queueing.defer(session, kind, "ada", clock.now(), of=n).id for n in range(number)]


def seconds_to_cancel(installation: Installation, number: int) -> Iterator[float]:
    """How long it takes until a task that runs has ended, from when it was asked to."""
    for _ in range(number):
        (task_id,) = promised(installation, ENDLESS, 1)
        wait_for(installation, task_id, TaskState.RUNNING)
        with installation.db.write() as session:
            queueing.cancel(session, task_id, "ada", clock.now())
        task = wait_for(installation, task_id, TaskState.CANCELLED)
        assert task.finished_at is not None
        assert task.cancel_requested_at is not None
        yield (task.finished_at - task.cancel_requested_at).total_seconds()


def wait_for(installation: Installation, task_id: int, state: TaskState) -> Task:
    deadline = time.monotonic() + SECONDS
    while True:
        with installation.db.read() as session:
            task = queueing.get(session, task_id)
        if task.state is state:
            return task
        assert time.monotonic() < deadline, f"it never was {state}, but {task.state}"
        time.sleep(0.05)


def send(curator: Visitor, number: int) -> None:
    """Send a file of addresses that no other has; the site may be killed meanwhile."""
    lines = [f"reader-{number}-{n}@example.org" for n in range(ROWS)]
    text = "\n".join(["email", *lines])
    with suppress(requests.RequestException):
        curator.submit("file", confirmed="y", file=("list.csv", text))


def no_files_are_left(installation: Installation) -> bool:
    """Also none of a site that was killed between keeping a file and promising its task."""
    purge_task_files(installation, clock.now() + timedelta(days=2))
    storage = installation.storage.root
    kept = [path for path in storage.rglob("*") if path.is_file()]
    return kept == [] and list((installation.settings.home / "tasks").glob("*")) == []


def no_locks_are_left(installation: Installation) -> bool:
    """A sender of this home sees to what killed workers left."""
    with worker_liveness.registered(installation.settings.home):
        jobs.deliver(installation, until_idle=True)
    return [p.name for p in (installation.settings.home / "workers").iterdir()] == ["home"]


def test_each_takes_effect_exactly_once(
    installation: Installation, crash_environ: dict[str, str], tmp_path: Path
) -> None:
    killing = Processes(processes(), crash_environ, seed=7)
    poisoned = promised(installation, POISON, 3)
    with Reader(installation) as reader:
        killing.kill_some(promise, max(KILLS // 5, 2), lambda: rows(installation, "promise"), TASKS)
        with killing.running(promise, TASKS) as promising:
            effects_of = partial(rows, installation, "effect")
            killing.kill_some(work, KILLS - KILLS // 2, effects_of)
            killing.kill_some(
                work, KILLS // 2, effects_of, is_time=partial(is_running, installation)
            )
            promising.join()
        with killing.running(work):
            wait_until_done(installation)
            assert all(seconds < 2 for seconds in seconds_to_cancel(installation, 3))
            wait_until_done(installation)
    with installation.db.read() as session:
        committed = set(session.scalars(text("SELECT task_id FROM promise")))
        every = {task.id: task for task in listing.latest(session, size=TASKS * 2)}
        effects = session.execute(text("SELECT task_id, step FROM effect")).all()
        alerts = Counter(session.scalars(select(Notice.path)))
    tasks = {i: task for i, task in every.items() if task.name in {kind.name for kind in KINDS}}
    assert committed == set(tasks)  # done if and only if it was committed
    assert len(tasks) == TASKS
    assert {task.state for task in tasks.values()} == {TaskState.DONE}
    steps = {"once": 1, "batches": STEPS, "locked": STEPS}
    expected = [(i, step) for i, task in tasks.items() for step in range(steps[task.name])]
    assert sorted(map(tuple, effects)) == sorted(expected)
    assert {task.name for task in tasks.values()} == {kind.name for kind in KINDS}
    assert reader.backwards == []
    assert reader.looks > 10
    assert sum(task.crashes for task in tasks.values()) >= KILLS // 4, "kills hit no task"
    workers = {task.worker for task in tasks.values() if task.worker}
    assert not worker_liveness.dead(installation.settings.home, workers)
    assert {(every[i].state, every[i].failures) for i in poisoned} == {(TaskState.FAILED, 3)}
    assert alerts == Counter(f"/admin/tasks/{i}" for i in poisoned)  # there is one curator
    assert no_locks_are_left(installation)
    installation.db.close()


def test_what_was_sent_to_a_site_that_is_killed_is_done_once_or_not_at_all(
    installation: Installation, crash_environ: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    address = {"NEWSLETTER_BASE_URL": f"http://127.0.0.1:{port}", "PORT": str(port)}
    web = WebProcess(crash_environ | address, port)
    killing = Processes(processes(), crash_environ, seed=11)
    chance = random.Random(13)
    times = max(KILLS // 5, 2)
    taken: list[int] = []
    with Reader(installation) as reader:
        for number in range(times):
            with web.running() as curator:
                sent = threading.Thread(target=send, args=(curator, number))
                before = rows(installation, "subscriber")
                sent.start()
                if number % 2:
                    enough = before + chance.randint(1, ROWS)
                    with killing.running(work) as worker:
                        while worker.is_alive() and rows(installation, "subscriber") < enough:
                            worker.join(0.01)
                            if not sent.is_alive() and not unfinished(installation):
                                break
                else:
                    sent.join(chance.uniform(0, 0.3))
            sent.join()
            taken.append(rows(installation, "task"))
        with killing.running(work):
            wait_until_done(installation)
    with installation.db.read() as session:
        tasks = listing.latest(session, size=TASKS)
        addresses = list(session.scalars(select(Subscriber.address)))
    assert {task.state for task in tasks} <= {TaskState.DONE}
    assert tasks, taken
    added = [task.result["added"] for task in tasks if task.result is not None]
    assert added == [ROWS] * len(tasks)
    assert len(addresses) == len(set(addresses)) == ROWS * len(tasks)
    assert reader.backwards == []
    assert no_files_are_left(installation)
    assert no_locks_are_left(installation)
    installation.db.close()
