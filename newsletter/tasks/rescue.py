"""Tasks whose worker died go back to the queue, each time counted."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.queue import worker_liveness
from newsletter.models.task import Task, TaskState
from newsletter.tasks.definition import Definitions
from newsletter.tasks.lines import add_line
from newsletter.tasks.queueing import database_time, hand_over_again
from newsletter.tasks.running import put_back, tell_of_failure

DIED = "Its worker ended without a word; it goes on."
DIED_TOO_OFTEN = "Each worker that ran it ended without a word: it may need too much memory."


def of_this_home(session: Session, home: Path, definitions: Definitions, now: datetime) -> int:
    """Put back what workers of this home ran that are no more; returns how many."""
    running = select(Task.worker).where(Task.state == TaskState.RUNNING).distinct()
    names = {name for name in session.scalars(running) if name is not None}
    fallen = worker_liveness.dead(home, names)
    return of_workers(session, fallen, definitions, now)


def of_workers(session: Session, names: set[str], definitions: Definitions, now: datetime) -> int:
    if not names:
        return 0
    theirs = select(Task).where(Task.state == TaskState.RUNNING, Task.worker.in_(names))
    tasks = list(session.scalars(theirs.with_for_update()))
    for task in tasks:
        rescue(session, task, definitions, now)
    return len(tasks)


def rescue(session: Session, task: Task, definitions: Definitions, now: datetime) -> None:
    """Put back one task whose attempt is over, and give it to the engine anew."""
    at = database_time(session, now)
    task.crashes += 1
    definition = definitions.get(task.name)
    if definition is not None and task.crashes > definition.crashes:
        task.state, task.finished_at, task.worker = TaskState.FAILED, at, None
        task.error = DIED_TOO_OFTEN
        add_line(task, DIED_TOO_OFTEN, at)
        tell_of_failure(session, task, at)
    elif task.cancel_requested_at is not None:
        task.state, task.finished_at, task.worker = TaskState.CANCELLED, at, None
    else:
        add_line(task, DIED, at)
        put_back(task, at)
        hand_over_again(session, task)
