"""Work beside its task: told how far it is, and left behind when the task is stopped."""

import threading
import time
from typing import Any

import pytest

from newsletter import clock
from newsletter.installation import Installation
from newsletter.models.task import TaskState
from newsletter.tasks import queueing
from newsletter.tasks.attempt import Attempt, Stopped
from newsletter.tasks.beside import Watch, run_beside
from newsletter.tasks.definition import Definition
from newsletter.tasks.running import Worker, run

SECONDS = 2.0  # that a cancelled task may take to stop


def outcome(installation: Installation, work: Any, meanwhile: Any = None) -> Any:
    """The task of ``work``, once it is over; ``meanwhile`` is called when it has begun."""

    def both(attempt: Attempt) -> dict[str, Any]:
        begun = threading.Thread(target=meanwhile, args=(attempt.task_id,)) if meanwhile else None
        if begun is not None:
            begun.start()
        try:
            return {"answer": run_beside(attempt, work)}
        finally:
            if begun is not None:
                begun.join()

    definition = Definition("work", "Work", both, retries=0)
    with installation.db.write() as session:
        task_id = queueing.defer(session, definition, "ada", clock.now()).id
    run(Worker(installation, {"work": definition}, "w1"), task_id)
    with installation.db.read() as session:
        return queueing.get(session, task_id)


def test_what_it_returns_and_raises_is_the_tasks(installation: Installation) -> None:
    assert outcome(installation, lambda _watch: 7).result == {"answer": 7}

    def fail(_watch: Watch) -> None:
        raise ValueError("no")

    assert outcome(installation, fail).state is TaskState.FAILED


def test_how_far_it_is_stands_in_the_task(installation: Installation) -> None:
    seen: list[tuple[int, int | None, str]] = []

    def work(watch: Watch) -> int:
        watch("half of it", 0.5)
        while not seen:
            time.sleep(0.01)
        return 1

    def look(task_id: int) -> None:
        while not seen:
            with installation.db.read() as session:
                task = queueing.get(session, task_id)
            if task.total is not None:
                seen.append((task.done, task.total, task.note))

    outcome(installation, work, look)
    assert seen == [(50, 100, "half of it")]


@pytest.mark.parametrize("looks_up", [True, False])
def test_a_cancelled_one_stops_soon_whether_or_not_it_looks_up(
    installation: Installation, looks_up: bool
) -> None:
    ended, goes_on = threading.Event(), threading.Event()

    def work(watch: Watch) -> None:
        try:
            while not goes_on.wait(0.05):
                if looks_up:
                    watch("work", 0.1)
        except Stopped:
            ended.set()
            raise

    def cancel(task_id: int) -> None:
        with installation.db.write() as session:
            queueing.cancel(session, task_id, "ada", clock.now())

    task = outcome(installation, work, cancel)
    assert task.state is TaskState.CANCELLED
    assert task.finished_at is not None
    assert task.cancel_requested_at is not None
    assert (task.finished_at - task.cancel_requested_at).total_seconds() < SECONDS
    assert ended.is_set() is looks_up
    goes_on.set()
