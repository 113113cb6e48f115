"""What is forgotten of tasks, and when."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from newsletter.installation import Installation
from newsletter.jobs import purge_task_files, purge_tasks
from newsletter.jobs import tasks as purging
from newsletter.models.task import Task, TaskState
from newsletter.services.subscriber_transfer import EXPORT_SUBSCRIBERS, IMPORT_SUBSCRIBERS
from newsletter.tasks import files, queueing
from newsletter.tasks.definition import Definition
from tests.jobs.conftest import NOW

DAY = timedelta(days=1)


def task(
    installation: Installation,
    state: TaskState,
    finished_at: datetime | None = None,
    definition: Definition = EXPORT_SUBSCRIBERS,
    result: dict[str, object] | None = None,
    **arguments: object,
) -> int:
    with installation.db.write() as session:
        new = queueing.new_task(session, definition, "ada", NOW, **arguments)
        values = {"state": state, "finished_at": finished_at, "result": result}
        session.execute(update(Task).where(Task.id == new.id).values(**values))
        return new.id


def file(installation: Installation, folder: Path, age: timedelta) -> str:
    """The key of a kept file that was put there some time ago."""
    path = folder / "list.csv"
    path.write_text("email\nann@example.org\n")
    key = files.keep(installation.storage, path)
    put = (NOW - age).timestamp()
    os.utime(installation.storage.path(key), (put, put))
    return key


@pytest.mark.parametrize(
    ("state", "days"), [(TaskState.DONE, 30), (TaskState.CANCELLED, 30), (TaskState.FAILED, 90)]
)
def test_a_task_that_ended_is_kept_for_a_time(
    installation: Installation, state: TaskState, days: int
) -> None:
    task(installation, state, NOW - (days + 1) * DAY)
    kept = task(installation, state, NOW - (days - 1) * DAY)
    assert purge_tasks(installation, NOW) == 1
    with installation.db.read() as session:
        assert list(session.scalars(select(Task.id))) == [kept]


def test_all_of_them_go_in_parts_and_none_that_is_under_way(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "AT_ONCE", 2)
    for _ in range(5):
        task(installation, TaskState.DONE, NOW - 31 * DAY)
    for state in (TaskState.QUEUED, TaskState.RUNNING):
        task(installation, state)
    assert purge_tasks(installation, NOW + 400 * DAY) == 5
    assert purge_tasks(installation, NOW + 400 * DAY) == 0


def test_files_go_once_no_task_needs_them(installation: Installation, tmp_path: Path) -> None:
    old, of_today, new = (
        file(installation, tmp_path, age) for age in (2 * DAY, DAY / 2, timedelta(minutes=5))
    )
    waited_for, of_ended = (file(installation, tmp_path, 3 * DAY) for _ in range(2))
    task(installation, TaskState.QUEUED, None, IMPORT_SUBSCRIBERS, file=waited_for)
    task(installation, TaskState.CANCELLED, NOW, IMPORT_SUBSCRIBERS, file=of_ended)
    task(installation, TaskState.DONE, NOW - 2 * DAY, result={"file": old})
    task(installation, TaskState.DONE, NOW - DAY / 2, result={"file": of_today})
    purge_task_files(installation, NOW)
    keys = (old, of_today, new, waited_for, of_ended)
    assert {key for key in keys if installation.storage.exists(key)} == {of_today, new, waited_for}


def test_what_killed_processes_left_goes(installation: Installation) -> None:
    running = task(installation, TaskState.RUNNING)
    ended = task(installation, TaskState.DONE, NOW)
    folders = [installation.settings.home / files.FOLDER / str(n) for n in (running, ended)]
    staging = installation.storage.root / "incoming"
    for folder in (*folders, staging):
        folder.mkdir(parents=True)
        (folder / "half").write_text("email\n")
    long_ago = (NOW - 2 * DAY).timestamp()
    os.utime(staging / "half", (long_ago, long_ago))
    (staging / "now").write_text("")
    os.utime(staging / "now", (NOW.timestamp(), NOW.timestamp()))
    purge_task_files(installation, NOW)
    assert [folder.exists() for folder in folders] == [True, False]
    assert [path.name for path in staging.iterdir()] == ["now"]
