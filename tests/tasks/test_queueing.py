"""A promise is kept if and only if it was committed; people take it back and ask again."""

import pytest
from sqlalchemy import text

from newsletter import clock
from newsletter.errors import Conflict, NotFound
from newsletter.installation import Installation
from newsletter.models.task import Task, TaskState
from newsletter.tasks import listing, queueing
from newsletter.tasks.attempt import Attempt
from newsletter.tasks.definition import Definition


def nothing(_attempt: Attempt, **_arguments: object) -> None:
    """Work that is none."""


FREE = Definition("free", "Free", nothing, priority=3)
KEYED = Definition("keyed", "Keyed", nothing, key="keyed {slug}", lock="lock {slug}")


def defer(installation: Installation, definition: Definition, **arguments: object) -> Task:
    with installation.db.write() as session:
        return queueing.defer(session, definition, "ada", clock.now(), **arguments)


def jobs(installation: Installation) -> list[tuple[str, int, str | None, int]]:
    """What procrastinate has: status, priority, lock, task."""
    with installation.db.read() as session:
        rows = session.execute(
            text(
                "SELECT status, priority, lock, CAST(args->>'task' AS integer)"
                " FROM procrastinate_jobs ORDER BY id"
            )
        )
        return [tuple(row) for row in rows]


def test_what_was_rolled_back_was_never_promised(installation: Installation) -> None:
    with installation.db.write() as session:
        queueing.defer(session, FREE, "ada", clock.now())
        session.rollback()
    with installation.db.read() as session:
        assert listing.latest(session) == []
    if not installation.db.is_sqlite:
        assert jobs(installation) == []


def test_what_was_committed_waits_in_the_outbox_or_with_the_engine(
    installation: Installation,
) -> None:
    task = defer(installation, FREE, slug="rain")
    assert (task.state, task.arguments, task.started_by) == (
        TaskState.QUEUED, {"slug": "rain"}, "ada",
    )  # fmt: skip
    if installation.db.is_sqlite:
        assert task.handed_over_at is None
    else:
        assert jobs(installation) == [("todo", 3, None, task.id)]


def test_what_is_asked_for_twice_is_one_task_until_it_is_finished(
    installation: Installation,
) -> None:
    first = defer(installation, KEYED, slug="rain")
    assert defer(installation, KEYED, slug="rain").id == first.id
    assert defer(installation, KEYED, slug="wind").id != first.id
    with installation.db.write() as session:
        queueing.cancel(session, first.id, "ada", clock.now())
    assert defer(installation, KEYED, slug="rain").id != first.id


def test_one_that_waits_is_cancelled_at_once(installation: Installation) -> None:
    task = defer(installation, FREE)
    with installation.db.write() as session:
        cancelled = queueing.cancel(session, task.id, "ben", clock.now())
    assert (cancelled.state, cancelled.lines[-1]["text"]) == (
        TaskState.CANCELLED, "Cancelled by ben.",
    )  # fmt: skip
    if not installation.db.is_sqlite:
        assert jobs(installation) == []
    with pytest.raises(Conflict, match="nothing left"), installation.db.write() as session:
        queueing.cancel(session, task.id, "ben", clock.now())


def test_one_that_was_cancelled_waits_again_when_it_is_retried(installation: Installation) -> None:
    task = defer(installation, FREE)
    with pytest.raises(Conflict, match="only one that failed"), installation.db.write() as session:
        queueing.retry(session, task.id, "ben", clock.now())
    with installation.db.write() as session:
        queueing.cancel(session, task.id, "ben", clock.now())
        again = queueing.retry(session, task.id, "ben", clock.now())
    assert (again.state, again.cancel_requested_at) == (TaskState.QUEUED, None)
    if not installation.db.is_sqlite:
        assert jobs(installation) == [("todo", 3, None, task.id)]


def test_one_is_not_retried_beside_a_newer_one_of_its_key(installation: Installation) -> None:
    first = defer(installation, KEYED, slug="rain")
    with installation.db.write() as session:
        queueing.cancel(session, first.id, "ben", clock.now())
    defer(installation, KEYED, slug="rain")
    with pytest.raises(Conflict, match="newer task"), installation.db.write() as session:
        queueing.retry(session, first.id, "ben", clock.now())


def test_an_unknown_one_is_not_found(installation: Installation) -> None:
    with pytest.raises(NotFound, match="no task 7"), installation.db.write() as session:
        queueing.cancel(session, 7, "ben", clock.now())
