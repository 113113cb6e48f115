"""A dataset is written whole or not at all, and once."""

from pathlib import Path

import pytest
from sqlalchemy import update

from newsletter import clock
from newsletter.engine.tasks.registry import DEFINITIONS
from newsletter.installation import Installation
from newsletter.models.task import Task, TaskState
from newsletter.services.datasets.dataset_export import EXPORT_DATASET
from newsletter.storage import Storage
from newsletter.tasks import queueing
from newsletter.tasks.running import Worker, run

NAMES = ["datapackage.json", "dataset.yaml", "penguins.csv"]


def promised(installation: Installation, folder: Path) -> int:
    with installation.db.write() as session:
        now = clock.now()
        arguments = {"slug": "penguins", "folder": str(folder)}
        return queueing.defer(session, EXPORT_DATASET, "ada", now, **arguments).id


def ended(installation: Installation, task_id: int) -> Task:
    run(Worker(installation, DEFINITIONS, "w1"), task_id)
    with installation.db.read() as session:
        return queueing.get(session, task_id)


def test_its_files_are_written_and_named(checked: Installation, tmp_path: Path) -> None:
    task = ended(checked, promised(checked, tmp_path / "out"))
    assert task.result == {"files": [str(tmp_path / "out" / "penguins" / n) for n in NAMES]}
    assert task.done == task.total
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["penguins"]


def test_an_attempt_that_was_killed_at_its_end_is_not_in_its_own_way(
    checked: Installation, tmp_path: Path
) -> None:
    task_id = promised(checked, tmp_path)
    before = ended(checked, task_id)
    with checked.db.write() as session:  # as if it had not been recorded
        session.execute(update(Task).values(state=TaskState.QUEUED, result=None))
    after = ended(checked, task_id)
    assert (after.state, after.attempt, after.result) == (TaskState.DONE, 2, before.result)


def test_what_stands_there_stays(checked: Installation, tmp_path: Path) -> None:
    ended(checked, promised(checked, tmp_path))
    (tmp_path / "penguins" / "notes.txt").write_text("mine")
    task = ended(checked, promised(checked, tmp_path))
    assert task.state is TaskState.FAILED
    assert "There is something in" in task.error
    assert (tmp_path / "penguins" / "notes.txt").read_text() == "mine"


def test_one_that_fails_half_way_leaves_nothing(
    checked: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Storage, "open", lambda *_: (_ for _ in ()).throw(OSError("the disk")))
    assert ended(checked, promised(checked, tmp_path / "out")).state is TaskState.QUEUED
    assert list((tmp_path / "out").iterdir()) == []
