"""What a dead worker ran goes on, each death counted."""

import pytest
from sqlalchemy import text, update

from newsletter import clock
from newsletter.delivery.queue import worker_liveness
from newsletter.installation import Installation
from newsletter.models.task import Task, TaskState
from newsletter.tasks import queueing, rescue
from newsletter.tasks.attempt import Attempt
from newsletter.tasks.definition import Definition
from newsletter.tasks.running import Worker, run


def nothing(_attempt: Attempt) -> None:
    """Work that is none."""


WORK = Definition("work", "Work", nothing, crashes=2)
DEFINITIONS = {"work": WORK}


def begun_by(installation: Installation, name: str) -> int:
    """A task that a worker has begun."""
    with installation.db.write() as session:
        task = queueing.defer(session, WORK, "ada", clock.now())
        running = {"state": TaskState.RUNNING, "worker": name, "attempt": 1, "done": 3}
        session.execute(update(Task).where(Task.id == task.id).values(**running))
        if task.job_id is not None:  # as if procrastinate had brought it
            session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
    return task.id


def rescued(installation: Installation) -> int:
    with installation.db.write() as session:
        home = installation.settings.home
        return rescue.of_this_home(session, home, DEFINITIONS, clock.now())


def task_of(installation: Installation, task_id: int) -> Task:
    with installation.db.read() as session:
        return queueing.get(session, task_id)


def test_what_a_living_worker_runs_stays_with_it(installation: Installation) -> None:
    with worker_liveness.registered(installation.settings.home) as name:
        task_id = begun_by(installation, name)
        assert rescued(installation) == 0
    assert rescued(installation) == 1
    task = task_of(installation, task_id)
    assert (task.state, task.crashes, task.done) == (TaskState.QUEUED, 1, 3)


def test_it_is_with_the_engine_again(installation: Installation) -> None:
    with worker_liveness.registered(installation.settings.home) as name:
        task_id = begun_by(installation, name)
    rescued(installation)
    task = task_of(installation, task_id)
    if installation.db.is_sqlite:
        assert task.handed_over_at is None
    else:
        with installation.db.read() as session:
            jobs = session.execute(text("SELECT id, status FROM procrastinate_jobs")).all()
        assert [tuple(job) for job in jobs] == [(task.job_id, "todo")]
    assert run(Worker(installation, DEFINITIONS, "w2"), task_id) is None
    assert task_of(installation, task_id).state is TaskState.DONE


def test_one_that_kills_each_worker_ends_failed(installation: Installation) -> None:
    with worker_liveness.registered(installation.settings.home) as name:
        task_id = begun_by(installation, name)
    for _ in range(WORK.crashes + 1):
        with installation.db.write() as session:
            running = {"state": TaskState.RUNNING, "worker": name}
            session.execute(update(Task).where(Task.id == task_id).values(**running))
        rescued(installation)
    task = task_of(installation, task_id)
    assert (task.state, task.error) == (TaskState.FAILED, rescue.DIED_TOO_OFTEN)


def test_one_that_was_cancelled_meanwhile_is_not_begun_again(installation: Installation) -> None:
    with worker_liveness.registered(installation.settings.home) as name:
        task_id = begun_by(installation, name)
    with installation.db.write() as session:
        queueing.cancel(session, task_id, "ada", clock.now())
    rescued(installation)
    assert task_of(installation, task_id).state is TaskState.CANCELLED


@pytest.mark.parametrize("number", [0, 1])
def test_workers_of_other_homes_are_not_judged(installation: Installation, number: int) -> None:
    begun_by(installation, f"elsewhere.{number}.aa")
    assert rescued(installation) == 0
