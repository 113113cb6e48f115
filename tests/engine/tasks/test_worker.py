"""The two engines, as they run: what is promised is brought, at once, again and one at a time."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from newsletter import clock
from newsletter.db import Database
from newsletter.engine.tasks import on_postgres, worker
from newsletter.engine.tasks.registry import DEFINITIONS, by_name
from newsletter.installation import Installation
from newsletter.models.task import Task, TaskState
from newsletter.settings import Settings
from newsletter.tasks import queueing
from newsletter.tasks.attempt import Attempt
from newsletter.tasks.definition import Definition

SECONDS = 60.0


@pytest.fixture
def installation(
    environ: dict[str, str], database_url: str, db: Database
) -> Iterator[Installation]:
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    opened.settings.home.mkdir(parents=True, exist_ok=True)
    yield opened
    opened.db.close()


@pytest.fixture(autouse=True)
def engine_that_waits_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_postgres, "FETCH_SECONDS", 0.2)


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


def wait_until(is_so: Callable[[], bool]) -> None:
    pause = threading.Event()
    deadline = clock.now() + timedelta(seconds=SECONDS)
    while not is_so():
        assert clock.now() < deadline, "it never came to that"
        pause.wait(0.02)


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


def test_an_idle_worker_asks_the_database_next_to_nothing(installation: Installation) -> None:
    statements: list[str] = []
    with worker.running_beside(installation, {}):
        event.listen(
            installation.db.engine,
            "before_cursor_execute",
            lambda _c, _k, statement, *_rest: statements.append(statement),
        )
        threading.Event().wait(4)
    assert len(statements) <= 8


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
