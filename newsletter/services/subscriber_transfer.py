"""Subscribers in and out as CSV, as tasks: in batches, interruptible, and each row once.

The files hold addresses; what a task says of itself (its arguments, its log, its report) does not.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from newsletter import clock
from newsletter.audience.transfer import (
    Transfer,
    count_subscribers,
    import_csv,
    read_rows,
    write_rows,
)
from newsletter.errors import ExpiredToken, NotFound, Refused
from newsletter.models.task import Task, TaskState
from newsletter.storage import Storage
from newsletter.tasks import files
from newsletter.tasks.attempt import Attempt
from newsletter.tasks.definition import Definition

BATCH = 100  # rows of one transaction: a fifth of a second
LISTED = 200  # of the rows that were refused, the first
GONE = "The file is no longer there: bring it again."


def import_subscribers(attempt: Attempt, file: str, confirmed: bool) -> dict[str, Any]:
    """Bring in the people of the CSV file that is kept under the key ``file``."""
    installation = attempt.installation
    with opened(installation.storage, file) as text:
        attempt.progress(total=_count(attempt, text), note="Bringing them in")
    result = attempt.result or _report(Transfer(), 0)
    with opened(installation.storage, file) as text:
        rows = islice(read_rows(text), attempt.done, None)
        while batch := list(islice(rows, BATCH)):
            with attempt.commit(done=attempt.done + len(batch)) as session:
                done = import_csv(session, installation.signer, batch, confirmed, clock.now())
                result = attempt.result = _added_up(result, done)
    return result


IMPORT_SUBSCRIBERS = Definition(
    name="import-subscribers",
    title="Import subscribers",
    run=import_subscribers,
    lock="import-subscribers",
)


def export_subscribers(
    attempt: Attempt, path: str | None = None, curator: int | None = None
) -> dict[str, Any]:
    """Write all subscribers to the file ``path``, or to one that the curator of that number may
    download for a day."""
    if path is None:
        with files.workspace(attempt.installation.settings.home, attempt.task_id) as folder:
            target = folder / "subscribers.csv"
            count = _write(attempt, target)
            key = files.keep(attempt.installation.storage, target)
        return {"subscribers": count, files.FILE: key, "curator": curator}
    target = _beside(Path(path), attempt)
    try:
        count = _write(attempt, target)
        target.replace(path)
    finally:
        target.unlink(missing_ok=True)
    return {"subscribers": count, "path": path}


EXPORT_SUBSCRIBERS = Definition(
    name="export-subscribers", title="Export subscribers", run=export_subscribers
)


def check_readable(storage: Storage, key: str) -> None:
    """Raises Invalid for a file that does not begin as one of subscribers."""
    with opened(storage, key) as text:
        next(read_rows(text), None)


def exported(task: Task, curator: int, address: str, now: datetime) -> str:
    """The key of what an export has written, for the curator who asked for it.

    Raises NotFound for anybody else, and ExpiredToken a day later.
    """
    result = task.result or {}
    is_theirs = (result.get("curator"), task.started_by) == (curator, address)
    if task.name != EXPORT_SUBSCRIBERS.name or task.state is not TaskState.DONE or not is_theirs:
        raise NotFound("There is no such export.")
    key = result.get(files.FILE)
    if not isinstance(key, str) or task.finished_at is None or is_over(task, now):
        raise ExpiredToken("That file was kept for a day: export the subscribers again.")
    return key


def is_over(task: Task, now: datetime) -> bool:
    """Whether what a task has made is kept no longer."""
    return task.finished_at is None or now >= task.finished_at + files.KEPT_FOR


@contextmanager
def opened(storage: Storage, key: str) -> Iterator[TextIO]:
    """A kept file as text. Raises Refused if it is gone."""
    try:
        file = storage.open(key)
    except NotFound as error:
        raise Refused(GONE) from error
    with TextIOWrapper(file, "utf-8-sig", newline="") as text:
        yield text


def _count(attempt: Attempt, text: TextIO) -> int:
    """How many rows there are. Raises Invalid for a file that is wrong further down, before
    anybody of it was brought in."""
    count = 0
    for count, _ in enumerate(read_rows(text), start=1):
        if count % BATCH == 0:
            attempt.progress(note="Reading the file")
    return count


def _report(done: Transfer, refused: int) -> dict[str, Any]:
    return asdict(done) | {"refused_rows": refused}


def _added_up(result: dict[str, Any], done: Transfer) -> dict[str, Any]:
    """The report of what was done before, and of one batch more."""
    counts = {name: result[name] + getattr(done, name) for name in ("added", "known", "suppressed")}
    listed = [*result["refused"], *map(list, done.refused)][:LISTED]
    refused_rows = result["refused_rows"] + len(done.refused)
    return counts | {"refused": listed, "refused_rows": refused_rows}


def _beside(path: Path, attempt: Attempt) -> Path:
    """Where a file is written until it is whole. Raises Refused if it cannot be there."""
    if not path.parent.is_dir() or path.is_dir():
        raise Refused(f"{path} cannot be written: name a file in a folder that is there.")
    return path.with_name(f".{path.name}.{attempt.task_id}")


def _write(attempt: Attempt, path: Path) -> int:
    """Write all of them, readable by the owner of the file alone; returns how many."""
    db = attempt.installation.db
    with db.read() as session:
        attempt.progress(total=count_subscribers(session))
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    count = 0
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        for count in write_rows(db, file):
            attempt.progress(count)
    return count
