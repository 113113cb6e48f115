"""To run a task that an engine brings: claim it, do it, record what came of it.

The engine brings it at least once; the claim lets one attempt at a time begin, and of a lock
one task.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from newsletter import clock, faults
from newsletter.errors import MissingExtra, Refused
from newsletter.faults import log_failure
from newsletter.installation import Installation
from newsletter.models.task import Task, TaskState
from newsletter.outages import outage, summary
from newsletter.tasks import files
from newsletter.tasks.attempt import Attempt, Cancelled, Interrupted, Superseded
from newsletter.tasks.definition import QUEUE, Definition, Definitions, Result
from newsletter.tasks.lines import add_line
from newsletter.tasks.queueing import database_time

log = logging.getLogger(__name__)

BUSY_SECONDS = 1.0  # before a task whose lock is taken is tried again
DATABASE_SECONDS = 1.0  # between two tries to record an outcome


@dataclass(frozen=True, slots=True)
class Worker:
    """Who runs it. ``name`` is that of a registered worker, whose death is seen."""

    installation: Installation
    definitions: Definitions
    name: str
    is_stopping: Callable[[], bool] = lambda: False
    queue: str = QUEUE  # whose tasks it is brought
    is_watched: bool = False  # by a person, who is not told by mail as well


@dataclass(frozen=True, slots=True)
class Outcome:
    state: TaskState
    error: str = ""
    result: Result = None
    wait: timedelta | None = None  # before it is tried again
    has_failed: bool = False
    is_mailed: bool = True  # to the curators, if it is the end


def run(
    worker: Worker,
    task_id: int,
    on_progress: Callable[[int, int | None, str], None] | None = None,
) -> float | None:
    """Run a task; returns in how many seconds the engine is to bring it again, if at all."""
    try:
        task = _claim(worker, task_id)
    except IntegrityError:  # another took the lock at the same moment
        return BUSY_SECONDS
    if not isinstance(task, Task):
        return task
    definition = worker.definitions[task.name]
    attempt = Attempt(
        worker.installation,
        task,
        definition.time_limit.total_seconds(),
        worker.is_stopping,
        on_progress,
    )
    log.info("task %s begins: %s", task_id, task.title, extra=_event("task_begun", task_id))
    outcome = _outcome(definition, attempt, task)
    if outcome is None:
        log.warning("task %s went on elsewhere", task_id, extra=_event("task_superseded", task_id))
        return None
    return _settle(worker, attempt, outcome)


def _claim(worker: Worker, task_id: int) -> Task | float | None:
    """The task, running; or in how many seconds to try; or None, if there is nothing to run."""
    with worker.installation.db.write() as session:
        task = session.get(Task, task_id, with_for_update=True)
        if task is None or task.state is not TaskState.QUEUED:
            return None
        now = database_time(session, clock.now())
        early = (task.not_before - now).total_seconds()
        if early > 0:
            return early
        if task.name not in worker.definitions:
            _end(session, task, TaskState.FAILED, f"This program has no task {task.name}.", now)
            tell_of_failure(session, task, now)
            return None
        busy = select(Task.id).where(Task.lock == task.lock, Task.state == TaskState.RUNNING)
        if task.lock is not None and session.scalar(busy) is not None:
            return BUSY_SECONDS
        task.state, task.worker, task.started_at = TaskState.RUNNING, worker.name, now
        task.attempt += 1
    return task


def _outcome(definition: Definition, attempt: Attempt, task: Task) -> Outcome | None:
    """What comes of the attempt; None: it does not count any more."""
    try:
        result = definition.run(attempt, **task.arguments)
    except Superseded:
        return None
    except Cancelled:
        return Outcome(TaskState.CANCELLED)
    except Interrupted:
        return Outcome(TaskState.QUEUED, wait=timedelta(0))
    except (Refused, MissingExtra) as error:  # which trying again does not mend
        is_mailed = definition.mails_refusal
        return Outcome(TaskState.FAILED, str(error), has_failed=True, is_mailed=is_mailed)
    except KeyboardInterrupt:  # at a terminal
        return Outcome(TaskState.CANCELLED)
    except Exception as error:
        log_failure(log, f"task {task.id} failed", error, _event("task_failed", task.id))
        # The text of any other error may quote an address or a secret.
        kind = f"It ended with {type(error).__name__}; the worker's log says where."
        sentence = faults.sentence(error) or kind
        failures = task.failures + 1
        if failures > definition.retries:
            return Outcome(TaskState.FAILED, sentence, has_failed=True)
        wait = definition.wait_after(failures)
        return Outcome(TaskState.QUEUED, sentence, wait=wait, has_failed=True)
    return Outcome(TaskState.DONE, result=result)


def _settle(worker: Worker, attempt: Attempt, outcome: Outcome) -> float | None:
    """Record it, however long the database is away; a worker that ends leaves it to others."""
    while True:
        try:
            with worker.installation.db.write() as session:
                task = session.scalar(select(Task).where(*attempt.is_mine).with_for_update())
                if task is None:
                    return None
                if outcome.state is TaskState.DONE:  # what was said a moment ago is written now
                    task.done, task.total = attempt.done, attempt.total
                _record(session, task, outcome, clock.now(), worker.is_watched)
        except DBAPIError as error:
            if worker.is_stopping():
                raise
            outage.note(summary(error))
            time.sleep(DATABASE_SECONDS)
        else:
            if not task.is_unfinished:
                files.remove_brought(worker.installation.storage, task)
            return None if outcome.wait is None else outcome.wait.total_seconds()


def _record(
    session: Session, task: Task, outcome: Outcome, now: datetime, is_watched: bool
) -> None:
    at = database_time(session, now)
    if outcome.has_failed:
        task.failures += 1
        add_line(task, outcome.error, at)
    if outcome.wait is None:
        if outcome.state is TaskState.DONE:  # else what it had come to stays
            task.result = outcome.result
        _end(session, task, outcome.state, outcome.error, at)
        if outcome.state is TaskState.FAILED and outcome.is_mailed and not is_watched:
            tell_of_failure(session, task, at)
    elif task.cancel_requested_at is not None:
        _end(session, task, TaskState.CANCELLED, "", at)
    else:
        put_back(task, at + outcome.wait)


def put_back(task: Task, not_before: datetime) -> None:
    """It waits again, for whoever is brought it next."""
    task.state, task.not_before, task.worker = TaskState.QUEUED, not_before, None


def _end(session: Session, task: Task, state: TaskState, error: str, at: datetime) -> None:
    task.state, task.finished_at, task.error, task.worker = state, at, error[:500], None
    if state is TaskState.DONE and task.total is not None:
        task.done = task.total


def tell_of_failure(session: Session, task: Task, at: datetime) -> None:
    """Alert the curators, once."""
    # Loaded once it is needed: all that mails are made of takes a fifth of a command's time.
    import_module("newsletter.issues.notices").alert_curators(
        session,
        f"A task failed: {task.title}",
        [task.error, f"It was started by {task.started_by}."],
        path=f"/admin/tasks/{task.id}",
        once=f"task {task.id} {task.attempt}",
        now=at,
    )


def _event(name: str, task_id: int) -> dict[str, Any]:
    return {"event": name, "task_id": task_id}
