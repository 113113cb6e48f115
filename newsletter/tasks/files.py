"""Files that a task was brought, or has made, and that may hold what is personal.

They lie in storage, where a worker on another machine finds them, readable by their owner
alone. Each has a key of its own, even of the same content: of two tasks neither takes the
other's away. What was brought goes when its task ends; what was made, a day later.
"""

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from newsletter.models.task import UNFINISHED, Task
from newsletter.storage import Storage

FILE = "file"  # its key, among the arguments of a task or in its result
KEPT_FOR = timedelta(days=1)  # what a task has made
PROMISED_WITHIN = timedelta(hours=1)  # until then a file may be without its task
OF_TASKS = ".task"
FOLDER = "tasks"  # of the home, with one for each task that runs and needs it


def new_ending() -> str:
    """The end of a key that no other file has."""
    return f".{secrets.token_hex(5)}{OF_TASKS}"


def keep(storage: Storage, path: Path) -> str:
    """Store a copy of the file; returns its key."""
    return storage.put(path, new_ending())


@contextmanager
def workspace(home: Path, task_id: int) -> Iterator[Path]:
    """An empty folder of a task's own, for its owner alone, gone when the block ends."""
    folder = home / FOLDER / str(task_id)
    shutil.rmtree(folder, ignore_errors=True)  # what an attempt left that was killed
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_workspaces(home: Path, running: set[int]) -> None:
    """Remove what killed workers left of tasks that do not run."""
    for folder in (home / FOLDER).glob("*"):
        if folder.name.isdecimal() and int(folder.name) not in running:
            shutil.rmtree(folder, ignore_errors=True)


def remove_brought(storage: Storage, task: Task) -> None:
    """Remove the file that a task was brought, if it was."""
    key = _key(task.arguments)
    if key is not None:
        storage.remove(key)


def has_what_it_needs(storage: Storage, task: Task) -> bool:
    """Whether the file that it was brought, if any, is still there."""
    key = _key(task.arguments)
    return key is None or storage.exists(key)


def in_use(session: Session, now: datetime) -> set[str]:
    """The keys of what tasks that are under way were brought, and of what was made lately."""
    rows = session.execute(
        select(Task.finished_at, Task.arguments, Task.result).where(
            or_(Task.state.in_(UNFINISHED), Task.finished_at > now - KEPT_FOR)
        )
    )
    keys = {
        _key(arguments if finished_at is None else result)
        for finished_at, arguments, result in rows
    }
    return {key for key in keys if key is not None}


def _key(values: Mapping[str, Any] | None) -> str | None:
    key = (values or {}).get(FILE)
    return key if isinstance(key, str) and key.endswith(OF_TASKS) else None
