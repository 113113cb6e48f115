"""The two engines, as they run: what is promised is brought, at once, again and one at a time."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from procrastinate import PsycopgConnector
from sqlalchemy import event, text

from newsletter import clock
from newsletter.db import Database
from newsletter.engine.tasks import worker
from newsletter.engine.tasks.registry import DEFINITIONS
from newsletter.installation import Installation
from newsletter.models.task import Task, TaskState
from newsletter.settings import Settings
from newsletter.tasks import queueing
from newsletter.tasks.attempt import Attempt
from newsletter.tasks.definition import Definition, by_name
from tests.migrated import migrate
from tests.postgres import sqlalchemy_address
from tests.waiting import wait_until

SECONDS = 60.0


@pytest.fixture
def installation(
    environ: dict[str, str], database_url: str, db: Database
) -> Iterator[Installation]:
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    opened.settings.home.mkdir(parents=True, exist_ok=True)
    yield opened
    opened.db.close()


class Steps:
    """Work that says when it has begun, and goes on when it may."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.at_once = 0
        self.most_at_once = 0

    def wait(self, attempt: Attempt) -> None:
        self.begun.set()
        while not self.may_end.wait(0.02):
            attempt.progress()

    def alone(self, attempt: Attempt, number: int) -> dict[str, int]:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        with attempt.commit(number):
            pass
        self.at_once -= 1
        return {"number": number}


@pytest.fixture
def steps() -> Steps:
    return Steps()


def fail(_attempt: Attempt) -> None:
    raise ValueError("poison")


def defer(installation: Installation, definition: Definition, **arguments: object) -> int:
    with installation.db.write() as session:
        return queueing.defer(session, definition, "ada", clock.now(), **arguments).id


def task_of(installation: Installation, task_id: int) -> Task:
    with installation.db.read() as session:
        return queueing.get(session, task_id)


def jobs_put_off(installation: Installation) -> int:
    """How often a task was brought that could not begin."""
    if installation.db.is_sqlite:
        path = installation.settings.home / "tasks.db"
        with closing(sqlite3.connect(path)) as connection:
            return int(connection.execute("SELECT count(*) FROM schedule").fetchone()[0])
    with installation.db.read() as session:
        return session.scalar(text("SELECT sum(attempts) FROM procrastinate_jobs")) or 0


def ended(installation: Installation, *ids: int) -> list[Task]:
    """The tasks, once none of them is under way."""
    wait_until(lambda: not any(task_of(installation, i).is_unfinished for i in ids))
    return [task_of(installation, i) for i in ids]


def test_what_is_promised_while_it_runs_is_run(installation: Installation, steps: Steps) -> None:
    work = Definition("alone", "Alone", steps.alone, lock="one")
    with worker.running_beside(installation, by_name([work])):
        tasks = ended(installation, *[defer(installation, work, number=n) for n in range(4)])
    assert [task.result for task in tasks] == [{"number": n} for n in range(4)]
    assert steps.most_at_once == 1


def test_a_cancelled_one_stops_within_two_seconds(installation: Installation, steps: Steps) -> None:
    work = Definition("wait", "Wait", steps.wait)
    task_id = defer(installation, work)
    with worker.running_beside(installation, by_name([work])):
        assert steps.begun.wait(SECONDS)
        with installation.db.write() as session:
            queueing.cancel(session, task_id, "ben", clock.now())
        (task,) = ended(installation, task_id)
    assert task.state is TaskState.CANCELLED
    assert task.finished_at is not None
    assert task.cancel_requested_at is not None
    assert task.finished_at - task.cancel_requested_at < timedelta(seconds=2)


def test_a_poisoned_one_is_tried_again_and_ends_failed(installation: Installation) -> None:
    work = Definition("fail", "Fail", fail, retries=1, wait=timedelta(seconds=0.2))
    task_id = defer(installation, work)
    with worker.running_beside(installation, by_name([work])):
        (task,) = ended(installation, task_id)
    assert (task.state, task.failures) == (TaskState.FAILED, 2)


def test_a_worker_that_ends_gives_back_what_it_runs(
    installation: Installation, steps: Steps
) -> None:
    work = Definition("wait", "Wait", steps.wait)
    task_id = defer(installation, work)
    with worker.running_beside(installation, by_name([work])):
        assert steps.begun.wait(SECONDS)
    task = task_of(installation, task_id)
    assert (task.state, task.failures, task.crashes) == (TaskState.QUEUED, 0, 0)
    steps.may_end.set()
    with worker.running_beside(installation, by_name([work])):
        (task,) = ended(installation, task_id)
    assert (task.state, task.attempt) == (TaskState.DONE, 2)


def test_what_is_due_is_run_once_and_the_worker_ends(
    installation: Installation, steps: Steps
) -> None:
    work = Definition("alone", "Alone", steps.alone)
    ids = [defer(installation, work, number=n) for n in range(3)]
    worker.run_until_idle(installation, by_name([work]))
    assert {task_of(installation, task_id).state for task_id in ids} == {TaskState.DONE}


def test_nothing_is_kept_of_what_is_finished(installation: Installation, steps: Steps) -> None:
    work = Definition("alone", "Alone", steps.alone)
    defer(installation, work, number=1)
    worker.run_until_idle(installation, by_name([work]))
    with installation.db.read() as session:
        if not installation.db.is_sqlite:
            assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 0
            assert session.scalar(text("SELECT count(*) FROM procrastinate_workers")) == 0


def test_a_command_runs_the_same_work_and_hears_how_far_it_is(
    installation: Installation, steps: Steps
) -> None:
    work = Definition("alone", "Alone", steps.alone, lock="one")
    heard: list[int] = []
    with installation.db.write() as session:
        task = queueing.new_task(session, work, "ada", clock.now(), number=5)
    done = worker.run_here(
        installation, task, lambda done, _total, _note: heard.append(done), by_name([work])
    )
    assert (done.state, done.result, heard) == (TaskState.DONE, {"number": 5}, [5])


def test_a_command_leaves_alone_what_is_under_way(installation: Installation, steps: Steps) -> None:
    work = Definition("wait", "Wait", steps.wait, lock="one")
    running = defer(installation, work)
    with worker.running_beside(installation, by_name([work])):
        assert steps.begun.wait(SECONDS)
        with installation.db.write() as session:
            task = queueing.new_task(session, work, "ada", clock.now())
        assert worker.run_here(installation, task, definitions=by_name([work])).attempt == 0
        steps.may_end.set()
        ended(installation, running)
    with installation.db.read() as session:
        assert session.get(Task, task.id) is None


def count_statements(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked from now on, by us and by the engine."""
    statements: list[str] = []
    event.listen(
        installation.db.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_rest: statements.append(statement),
    )

    def counted(name: str) -> Callable[..., Any]:
        execute = getattr(PsycopgConnector, name)

        def counting(connector: PsycopgConnector, query: str, **arguments: Any) -> Any:
            statements.append(query)
            return execute(connector, query, **arguments)

        return counting

    for kind in ("", "_one", "_all"):
        name = f"execute_query{kind}_async"
        monkeypatch.setattr(PsycopgConnector, name, counted(name))
    return statements


def test_a_command_waits_for_a_worker_that_was_quicker(
    installation: Installation, steps: Steps
) -> None:
    work = by_name([Definition("wait", "Wait", steps.wait)])
    task_id = defer(installation, work["wait"])
    outcomes: list[TaskState] = []
    with worker.running_beside(installation, work):
        assert steps.begun.wait(SECONDS)
        task = task_of(installation, task_id)
        seen = threading.Event()

        def run_here() -> None:
            ended = worker.run_here(installation, task, lambda *_: seen.set(), work)
            outcomes.append(ended.state)

        command = threading.Thread(target=run_here)
        command.start()
        assert seen.wait(SECONDS)
        steps.may_end.set()
        command.join()
    assert outcomes == [TaskState.DONE]


def test_it_goes_on_after_its_connections_were_cut(
    environ: dict[str, str], migrated_postgres_url: str, steps: Steps
) -> None:
    address = sqlalchemy_address(migrated_postgres_url)
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": address}))
    opened.settings.home.mkdir(parents=True)
    migrate(opened.db)
    work = Definition("alone", "Alone", steps.alone)
    others = (
        "SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid != pg_backend_pid()"
    )
    with worker.running_beside(opened, by_name([work])):
        ended(opened, defer(opened, work, number=1))
        with psycopg.connect(migrated_postgres_url, autocommit=True) as connection:
            for (process,) in connection.execute(others).fetchall():
                connection.execute("SELECT pg_terminate_backend(%s)", [process])
        (task,) = ended(opened, defer(opened, work, number=2))
    assert task.state is TaskState.DONE
    opened.db.close()


def test_an_idle_worker_asks_the_database_once_in_two_seconds(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements = count_statements(installation, monkeypatch)
    with worker.running_beside(installation, {}):
        threading.Event().wait(2)  # its start
        statements.clear()
        threading.Event().wait(8)
        asked = list(statements)
    assert len(asked) <= 4, asked
    assert asked or installation.db.is_sqlite


def test_one_that_waits_for_a_lock_begins_soon_after_it_is_free(
    installation: Installation, steps: Steps
) -> None:
    """Of a command that runs it in the foreground the engine knows nothing."""
    holding = Definition("wait", "Wait", steps.wait, lock="one")
    waiting = Definition("alone", "Alone", steps.alone, lock="one")
    with worker.running_beside(installation, by_name([holding, waiting])):
        with installation.db.write() as session:
            task = queueing.new_task(session, holding, "ada", clock.now())
        command = threading.Thread(
            target=worker.run_here,
            args=(installation, task),
            kwargs={"definitions": by_name([holding])},
        )
        command.start()
        assert steps.begun.wait(SECONDS)
        task_id = defer(installation, waiting, number=1)
        wait_until(lambda: bool(jobs_put_off(installation)))
        steps.may_end.set()
        (ended_task,) = ended(installation, task_id)
        command.join()
    released, begun = task_of(installation, task.id).finished_at, ended_task.started_at
    assert released is not None
    assert begun is not None
    assert begun - released < timedelta(seconds=4)


def test_one_that_failed_is_tried_again_when_its_wait_is_over(installation: Installation) -> None:
    work = Definition("fail", "Fail", fail, retries=1, wait=timedelta(seconds=1))
    task_id = defer(installation, work)
    with worker.running_beside(installation, by_name([work])):
        (task,) = ended(installation, task_id)
    assert task.finished_at is not None
    assert task.finished_at - task.not_before < timedelta(seconds=3)


def test_a_queue_of_its_own_is_left_to_its_own_workers(
    installation: Installation, steps: Steps
) -> None:
    ours = Definition("alone", "Alone", steps.alone)
    other = Definition("other", "Other", steps.alone, queue="posts")
    ids = defer(installation, ours, number=1), defer(installation, other, number=2)
    worker.run_until_idle(installation, by_name([ours]))
    states = [task_of(installation, task_id).state for task_id in ids]
    assert states == [TaskState.DONE, TaskState.QUEUED]
    worker.run_until_idle(installation, by_name([other]), queue="posts")
    assert task_of(installation, ids[1]).state is TaskState.DONE


def test_the_other_engine_is_not_imported() -> None:
    code = (
        "import sys, newsletter.engine.tasks.worker, newsletter.engine.tasks.embedded, "
        "newsletter.cli.worker; print('procrastinate' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_each_kind_is_known_by_its_name() -> None:
    assert {name: definition.name for name, definition in DEFINITIONS.items()} == {
        name: name for name in DEFINITIONS
    }
    assert "check-catalog" in DEFINITIONS
