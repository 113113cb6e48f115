"""Tasks as people look at them: the latest first, and one as a record."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.models.task import Task, TaskState

PAGE = 50


def latest(
    session: Session, state: TaskState | None = None, page: int = 1, size: int = PAGE
) -> list[Task]:
    chosen = select(Task) if state is None else select(Task).where(Task.state == state)
    newest = chosen.order_by(Task.id.desc()).limit(size).offset((max(page, 1) - 1) * size)
    return list(session.scalars(newest))


def counts(session: Session) -> dict[TaskState, int]:
    """How many there are of each state."""
    rows = session.execute(select(Task.state, func.count()).group_by(Task.state))
    return dict.fromkeys(TaskState, 0) | {state: number for state, number in rows}  # noqa: C416


def percent(task: Task) -> int | None:
    """How far it is, if it said of how much."""
    return None if not task.total else min(100, 100 * task.done // task.total)


def record(task: Task) -> dict[str, Any]:
    """One, in plain values."""
    return {
        "id": task.id,
        "task": task.name,
        "title": task.title,
        "state": task.state.value,
        "done": task.done,
        "total": task.total,
        "note": task.note,
        "started_by": task.started_by,
        "created_at": _text(task.created_at),
        "started_at": _text(task.started_at),
        "finished_at": _text(task.finished_at),
        "cancel_requested_at": _text(task.cancel_requested_at),
        "attempts": task.attempt,
        "failures": task.failures,
        "crashes": task.crashes,
        "error": task.error,
        "arguments": task.arguments,
        "result": task.result,
        "lines": task.lines,
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
