"""To promise long work, to take it back, and to ask for it again.

All of it is written in the caller's transaction: what is promised is done if and only if that
commits. On PostgreSQL a job of the engine is written with it, by the engine's own SQL function;
on SQLite the row itself is the outbox, from which a worker hands it to the engine.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.errors import Conflict, NotFound
from newsletter.models.task import UNFINISHED, Task, TaskState
from newsletter.tasks.definition import Definition
from newsletter.tasks.lines import add_line

JOB = "newsletter.task"  # what the engines call it, whatever its kind
AT_THE_COMMAND_LINE = "the command line"
BY_THE_CLOCK = "the clock"
FOR_A_READER = "a reader"

HAND_OVER = text(
    "SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[ROW(CAST(:queue AS varchar), "
    "CAST(:job AS varchar), CAST(:priority AS integer), CAST(:lock AS text), CAST(NULL AS text), "
    "CAST(:args AS jsonb), CAST(:at AS timestamptz))::procrastinate_job_to_defer_v1]))"
)
# Whether it waits there still, and no attempt of it has begun.
WITHDRAW = text("SELECT procrastinate_cancel_job_v1(:job_id, false, true)")
JOB_STATUS = text("SELECT status FROM procrastinate_jobs WHERE id = :job_id FOR UPDATE")
BRING_AGAIN = text("SELECT procrastinate_retry_job_v2(:job_id, :at, NULL, NULL, NULL)")


def is_postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def database_time(session: Session, now: datetime) -> datetime:
    """By which tasks are timed: between machines it is the server's, on one it is ours."""
    if is_postgres(session):
        at: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
        return at
    return now


def defer(
    session: Session, definition: Definition, started_by: str, now: datetime, **arguments: Any
) -> Task:
    """Promise a task; of plain values, as JSON can hold them. One of the same key that is not
    finished is returned instead."""
    key = definition.key_of(arguments)
    same: Task | None = None if key is None else session.scalar(_unfinished_of(key))
    if same is not None:
        return same
    try:
        with session.begin_nested():
            task = new_task(session, definition, started_by, now, **arguments)
            task.key = key
    except IntegrityError:  # another has promised it at the same moment
        winner: Task | None = None if key is None else session.scalar(_unfinished_of(key))
        if winner is None:
            raise
        return winner
    hand_over(session, task)
    return task


def new_task(
    session: Session, definition: Definition, started_by: str, now: datetime, **arguments: Any
) -> Task:
    """A task that no engine knows of yet."""
    at = database_time(session, now)
    task = Task(
        name=definition.name,
        title=definition.title,
        arguments=json.loads(json.dumps(arguments)),
        started_by=started_by,
        queue=definition.queue,
        priority=definition.priority,
        lock=definition.lock_of(arguments),
        state=TaskState.QUEUED,
        created_at=at,
        not_before=at,
        done=0,
        note="",
        lines=[],
        error="",
        attempt=0,
        failures=0,
        crashes=0,
    )
    session.add(task)
    session.flush()
    return task


def hand_over(session: Session, task: Task) -> None:
    """Give a queued task to the engine."""
    task.handed_over_at = None
    if is_postgres(session):
        values = {
            "queue": task.queue,
            "job": JOB,
            "priority": task.priority,
            "lock": task.lock,
            "args": json.dumps({"task": task.id}),
            "at": task.not_before,
        }
        task.job_id = session.execute(HAND_OVER, values).scalar_one()
    session.flush()


def hand_over_again(session: Session, task: Task) -> None:
    """The same for one that the engine had: where it has a job for it still, that one."""
    if task.job_id is None:
        hand_over(session, task)
        return
    values = {"job_id": task.job_id, "at": task.not_before}
    status = session.scalar(JOB_STATUS, values)
    session.flush()
    if status == "doing":
        session.execute(BRING_AGAIN, values)
    elif status != "todo":
        hand_over(session, task)


def get(session: Session, task_id: int, for_update: bool = False) -> Task:
    """Raises NotFound."""
    task = session.get(Task, task_id, with_for_update=for_update, populate_existing=True)
    if task is None:
        raise NotFound(f"There is no task {task_id}.")
    return task


def cancel(session: Session, task_id: int, by: str, now: datetime) -> Task:
    """Stop a task: one that waits at once, one that runs at its next step.

    Raises NotFound, or Conflict if it is finished.
    """
    task = get(session, task_id, for_update=True)
    if not task.is_unfinished:
        raise Conflict(f"Task {task_id} is {task.state.value}: there is nothing left to cancel.")
    at = database_time(session, now)
    if task.cancel_requested_at is None:
        task.cancel_requested_at = at
        add_line(task, f"Cancelled by {by}.", at)
    if task.state is TaskState.QUEUED:
        task.state, task.finished_at = TaskState.CANCELLED, at
        if task.job_id is not None:
            session.execute(WITHDRAW, {"job_id": task.job_id})
    session.flush()
    return task


def retry(session: Session, task_id: int, by: str, now: datetime) -> Task:
    """Ask again for a task that failed or was cancelled; it goes on where it stopped.

    Raises NotFound, or Conflict if it is in another state or a new one of its key is there.
    """
    task = get(session, task_id, for_update=True)
    if task.state not in (TaskState.FAILED, TaskState.CANCELLED):
        raise Conflict(f"Task {task_id} is {task.state.value}: only one that failed or was "
                       "cancelled can be tried again.")  # fmt: skip
    if task.key is not None and session.scalar(_unfinished_of(task.key)) is not None:
        raise Conflict(
            "The same is under way already, as a newer task: see `newsletter task list`."
        )
    at = database_time(session, now)
    task.state, task.not_before, task.finished_at = TaskState.QUEUED, at, None
    task.failures = task.crashes = 0
    task.cancel_requested_at, task.error, task.worker = None, "", None
    add_line(task, f"Tried again by {by}.", at)
    session.flush()
    hand_over(session, task)
    return task


def _unfinished_of(key: str) -> Any:
    return select(Task).where(Task.key == key, Task.state.in_(UNFINISHED))
