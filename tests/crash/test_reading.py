"""Workers killed by -9 while they read a file into a dataset: it ends well, once."""

import time
from pathlib import Path

import pytest

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.catalog.package.draft import draft
from newsletter.installation import Installation
from newsletter.models.task import Task, TaskState
from newsletter.services.datasets import dataset_save
from newsletter.services.datasets.table_files import FileSource
from newsletter.settings import Settings
from newsletter.tasks import queueing
from newsletter.tasks.files import FOLDER
from tests.crash.stand import processes
from tests.crash.task_worker import Processes, Reader, work
from tests.migrated import migrate

ROWS = 300_000
KILLS = 4
SECONDS = 120.0
PARSER = b"newsletter.tables.reading.worker"


def readers_of(home: Path) -> list[str]:
    """The child processes that read for workers of ``home``."""
    alive = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if PARSER in (process / "cmdline").read_bytes():
                alive.append(str((process / "cwd").readlink()))
        except OSError:  # it ended just now
            continue
    return [folder for folder in alive if folder.startswith(str(home))]


@pytest.fixture
def crash_environ(environ: dict[str, str], database_url: str) -> dict[str, str]:
    return environ | {"DATABASE_URL": database_url}


@pytest.fixture
def installation(crash_environ: dict[str, str]) -> Installation:
    opened = Installation.open(Settings.load(crash_environ))
    migrate(opened.db)
    return opened


def test_it_is_read_once_however_often_its_worker_is_killed(
    installation: Installation, crash_environ: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "seals.csv"
    rows = "".join(f"bank {n % 97},{n},{n * 7919 % 1009}\n" for n in range(ROWS))
    path.write_text(f"bank,at,seals\n{rows}")
    package = draft("seals", "Seals of the sea", "CC0-1.0", path.name)
    files = {"seals": FileSource.at(str(path))}
    task_id = dataset_save.add(installation, "seals", package, files, "ada", clock.now()).id

    def task() -> Task:
        with installation.db.read() as session:
            return queueing.get(session, task_id)

    def begun() -> int:
        return task().attempt if readers_of(installation.settings.home) else 0

    killing = Processes(processes(), crash_environ, seed=11)
    deadline = time.monotonic() + SECONDS
    with Reader(installation) as reader:
        for attempt in range(1, KILLS + 1):
            with killing.running(work):
                while begun() < attempt:
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
        with killing.running(work):
            while task().is_unfinished:
                assert time.monotonic() < deadline
                time.sleep(0.05)
    assert (task().state, task().crashes, reader.backwards) == (TaskState.DONE, KILLS, [])
    with installation.db.read() as session:
        (version,) = datasets.get(session, "seals").versions
        assert [table.rows for table in version.tables] == [ROWS]
        assert version.dataset.pending_ingest is None
    assert list((installation.settings.home / FOLDER).iterdir()) == []
    while readers_of(installation.settings.home):
        assert time.monotonic() < deadline, "a reader goes on"
        time.sleep(0.05)
    installation.db.close()
