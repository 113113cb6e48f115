"""One attempt at a time begins, its writes are fenced, and what came of it is on the record."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter import clock
from newsletter.errors import Invalid
from newsletter.installation import Installation
from newsletter.models import Notice
from newsletter.models.task import Task, TaskState
from newsletter.tasks import queueing
from newsletter.tasks.attempt import LOOK_SECONDS, Attempt, Superseded
from newsletter.tasks.definition import Definition, Result
from newsletter.tasks.running import BUSY_SECONDS, Worker, run

Work = Callable[[Attempt], Result]


class Bench:
    """A task of one's own work, and a worker that runs it when it is told to."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.definitions: dict[str, Definition] = {}
        self.is_stopping = False

    def defer(self, work: Work, name: str = "work", **options: object) -> int:
        definition = Definition(name, "Work", work, **options)  # type: ignore[arg-type]
        self.definitions[name] = definition
        with self.installation.db.write() as session:
            return queueing.defer(session, definition, "ada", clock.now()).id

    def run(self, task_id: int) -> float | None:
        worker = Worker(self.installation, self.definitions, "w1", lambda: self.is_stopping)
        return run(worker, task_id)

    def task(self, task_id: int) -> Task:
        with self.installation.db.read() as session:
            return queueing.get(session, task_id)

    def change(self, task_id: int, **values: object) -> None:
        with self.installation.db.write() as session:
            session.execute(update(Task).where(Task.id == task_id).values(**values))

    def alerts(self) -> list[str]:
        with self.installation.db.read() as session:
            return list(session.scalars(select(Notice.subject)))


@pytest.fixture
def bench(installation: Installation) -> Bench:
    return Bench(installation)


def test_what_came_of_it_is_kept(bench: Bench) -> None:
    def work(attempt: Attempt) -> Result:
        with attempt.commit(3, 7, "half of it"):
            pass
        attempt.log("It went well.")
        return {"added": 7}

    task_id = bench.defer(work)
    assert bench.run(task_id) is None
    task = bench.task(task_id)
    assert (task.state, task.result, task.done, task.total) == (
        TaskState.DONE, {"added": 7}, 7, 7,
    )  # fmt: skip
    assert [line["text"] for line in task.lines] == ["It went well."]
    assert task.finished_at is not None


def test_what_is_brought_twice_runs_once(bench: Bench) -> None:
    runs: list[int] = []

    def work(attempt: Attempt) -> None:
        runs.append(attempt.number)
        assert bench.run(attempt.task_id) is None  # while it runs

    task_id = bench.defer(work)
    bench.run(task_id)
    bench.run(task_id)
    assert runs == [1]


def test_of_one_lock_one_task_runs_at_a_time(bench: Bench) -> None:
    second: list[int] = []

    def first(_attempt: Attempt) -> None:
        assert bench.run(second[0]) == BUSY_SECONDS

    first_id = bench.defer(first, "first", lock="the lock")
    second.append(bench.defer(lambda _attempt: None, "second", lock="the lock"))
    bench.run(first_id)
    assert bench.task(second[0]).attempt == 0
    assert bench.run(second[0]) is None
    assert bench.task(second[0]).state is TaskState.DONE


def test_one_that_raises_is_tried_again_later_and_ends_failed_and_told_of_once(
    bench: Bench,
) -> None:
    def work(_attempt: Attempt) -> None:
        raise ValueError("poison")

    task_id = bench.defer(work, retries=2, wait=timedelta(seconds=10))
    assert bench.run(task_id) == 10
    early = bench.run(task_id)
    assert early is not None
    assert 0 < early <= 10  # it is not begun before its time
    assert bench.task(task_id).attempt == 1
    for _ in range(2):
        assert bench.alerts() == []
        bench.change(task_id, not_before=clock.now() - timedelta(minutes=1))
        bench.run(task_id)
    task = bench.task(task_id)
    assert (task.state, task.error, task.failures) == (
        TaskState.FAILED, "It ended with ValueError; the worker's log says where.", 3,
    )  # fmt: skip
    bench.run(task_id)
    assert bench.alerts() == ["A task failed: Work"]


def test_what_is_refused_is_not_tried_again(bench: Bench) -> None:
    def work(_attempt: Attempt) -> None:
        raise Invalid("The file needs a header.")

    task_id = bench.defer(work)
    assert bench.run(task_id) is None
    task = bench.task(task_id)
    assert (task.state, task.error) == (TaskState.FAILED, "The file needs a header.")


def test_one_that_is_cancelled_ends_at_its_next_step_and_writes_nothing_more(bench: Bench) -> None:
    def work(attempt: Attempt) -> None:
        with attempt.commit(1, 10):
            pass
        with bench.installation.db.write() as session:
            queueing.cancel(session, attempt.task_id, "ben", clock.now())
        with attempt.commit(2, 10) as session:
            session.add(Notice())
        pytest.fail("it went on")

    task_id = bench.defer(work)
    assert bench.run(task_id) is None
    task = bench.task(task_id)
    assert (task.state, task.done) == (TaskState.CANCELLED, 1)
    assert bench.alerts() == []


def test_progress_looks_whether_it_was_cancelled(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LOOK_SECONDS < 1
    monkeypatch.setattr("newsletter.tasks.attempt.LOOK_SECONDS", 0)

    def work(attempt: Attempt) -> None:
        attempt.progress(1, 10)
        with bench.installation.db.write() as session:
            queueing.cancel(session, attempt.task_id, "ben", clock.now())
        attempt.progress(2)
        pytest.fail("it went on")

    task_id = bench.defer(work)
    bench.run(task_id)
    assert bench.task(task_id).state is TaskState.CANCELLED


def test_one_that_takes_too_long_fails(bench: Bench) -> None:
    task_id = bench.defer(lambda attempt: attempt.progress(1), time_limit=timedelta(0), retries=0)
    bench.run(task_id)
    assert "longer than its limit" in bench.task(task_id).error


def test_a_worker_that_ends_gives_it_back_without_a_failure(bench: Bench) -> None:
    def work(attempt: Attempt) -> None:
        with attempt.commit(4, 9):
            pass
        bench.is_stopping = True
        attempt.progress(5)

    task_id = bench.defer(work)
    assert bench.run(task_id) == 0
    task = bench.task(task_id)
    assert (task.state, task.failures, task.done) == (TaskState.QUEUED, 0, 4)


def test_an_attempt_that_was_given_up_writes_nothing_more(bench: Bench) -> None:
    def work(attempt: Attempt) -> None:
        bench.change(attempt.task_id, attempt=attempt.number + 1)  # another has begun
        with pytest.raises(Superseded), attempt.commit(3, 9):
            pytest.fail("it wrote")
        with pytest.raises(Superseded):
            attempt.log("It went well.")
        raise ValueError("poison")

    task_id = bench.defer(work)
    assert bench.run(task_id) is None
    task = bench.task(task_id)
    assert (task.state, task.done, task.lines, task.failures) == (TaskState.RUNNING, 0, [], 0)


def test_progress_is_not_taken_back_and_the_next_attempt_goes_on_from_it(bench: Bench) -> None:
    begun: list[int] = []

    def work(attempt: Attempt) -> None:
        begun.append(attempt.done)
        with attempt.commit(6, 9):
            pass
        with attempt.commit(2, 9):
            pass
        if len(begun) == 1:
            raise ValueError("once")

    task_id = bench.defer(work, wait=timedelta(0))
    bench.run(task_id)
    assert bench.task(task_id).done == 6
    bench.run(task_id)
    assert begun == [0, 6]


def test_what_fails_within_a_batch_is_not_counted_as_done(bench: Bench) -> None:
    def work(attempt: Attempt) -> None:
        with attempt.commit(1, 3):
            pass
        with attempt.commit(2, 3):
            raise ValueError("within")

    task_id = bench.defer(work)
    bench.run(task_id)
    assert bench.task(task_id).done == 1


def test_a_task_that_this_program_does_not_know_fails(bench: Bench) -> None:
    task_id = bench.defer(lambda _attempt: None)
    bench.definitions.clear()
    assert bench.run(task_id) is None
    assert "has no task work" in bench.task(task_id).error
