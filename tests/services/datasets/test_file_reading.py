"""The task that reads files into a dataset, on each of the two databases."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.catalog.dataset_import import Intake
from newsletter.catalog.package.draft import draft
from newsletter.catalog.versions.renewal import renew
from newsletter.db import Database
from newsletter.engine.tasks.registry import DEFINITIONS
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.errors import Conflict
from newsletter.installation import Installation
from newsletter.models import Notice, Version
from newsletter.models.task import Task, TaskState
from newsletter.services.datasets import dataset_save
from newsletter.services.datasets.file_reading import READ_FILES, read_files
from newsletter.services.datasets.table_files import FileSource
from newsletter.services.datasets.unread_files import UnreadFiles, retry_reading, unread_files
from newsletter.settings import Settings
from newsletter.tasks import queueing
from newsletter.tasks.attempt import Attempt
from newsletter.tasks.definition import Definitions
from newsletter.tasks.files import FOLDER

CSV = "bank,year,seals\nNorth,2019,120\nSouth,2019,88\nNorth,2020,131\n"
SECONDS = 2.0  # in which a cancelled one stops


@pytest.fixture
def installation(
    environ: dict[str, str], database_url: str, db: Database
) -> Iterator[Installation]:
    more = {"DATABASE_URL": database_url, "NEWSLETTER_FETCH_HOSTS": "127.0.0.1"}
    opened = Installation.open(Settings.load(environ | more))
    yield opened
    opened.db.close()


def add(installation: Installation, source: FileSource, slug: str = "seals") -> int:
    package = draft(slug, "Seals of the sea", "CC0-1.0", source.file_name)
    files = {package.tables[0].name: source}
    return dataset_save.add(installation, slug, package, files, "ada", clock.now()).id


def file(folder: Path, text: str = CSV) -> FileSource:
    path = folder / "seals.csv"
    path.write_text(text)
    return FileSource.at(str(path))


def state(installation: Installation, task_id: int) -> Task:
    with installation.db.read() as session:
        return queueing.get(session, task_id)


def newest(installation: Installation) -> tuple[Version, UnreadFiles | None]:
    with installation.db.read() as session:
        version = datasets.newest(session, "seals")
        return version, unread_files(session, version.dataset)


def count(installation: Installation, model: Any) -> int:
    with installation.db.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def changed(**values: Any) -> Definitions:
    return {**DEFINITIONS, READ_FILES.name: replace(READ_FILES, **values)}


def test_the_draft_is_filled_and_the_task_says_how(
    installation: Installation, tmp_path: Path
) -> None:
    task_id = add(installation, file(tmp_path))
    run_until_idle(installation)
    task = state(installation, task_id)
    assert (task.state, task.done, task.total) == (TaskState.DONE, 100, 100)
    assert task.result == {"version": "1.0.0", "state": "draft", "before": None}
    assert task.lines[-1]["text"] == "seals: 3 rows, 3 columns."
    version, unread = newest(installation)
    assert (version.tables[0].rows, unread) == (3, None)
    assert list((installation.settings.home / FOLDER).iterdir()) == []


def test_a_file_that_is_refused_is_told_of_there_and_mailed_to_nobody(
    installation: Installation, tmp_path: Path
) -> None:
    task_id = add(installation, file(tmp_path, ""))
    run_until_idle(installation)
    assert state(installation, task_id).state is TaskState.FAILED
    assert count(installation, Notice) == 0
    version, unread = newest(installation)
    assert version.tables == []
    assert unread is not None
    assert unread.error == "The file is empty: give one with a header and rows."
    assert dict(unread.fields) == {"tables.0.file": unread.error}
    assert unread.goes_on is False
    file(tmp_path)  # the same place has a better one now
    with installation.db.write() as session:
        retry_reading(session, "seals", "ada", clock.now())
    _, unread = newest(installation)
    assert unread is not None
    assert unread.goes_on
    run_until_idle(installation)
    version, unread = newest(installation)
    assert (version.tables[0].rows, unread) == (3, None)


def test_what_was_recorded_by_an_attempt_that_then_died_is_not_done_again(
    installation: Installation, tmp_path: Path
) -> None:
    reads: list[int] = []

    def dies_once(attempt: Attempt, **arguments: str) -> Any:
        result = read_files(attempt, **arguments)
        reads.append(attempt.number)
        if len(reads) == 1:
            raise RuntimeError("the worker is gone")
        return result

    task_id = add(installation, file(tmp_path))
    definitions = changed(run=dies_once, wait=timedelta(0))
    while state(installation, task_id).is_unfinished:
        run_until_idle(installation, definitions)
    task = state(installation, task_id)
    assert (task.state, reads) == (TaskState.DONE, [1, 2])
    assert task.result == {"version": "1.0.0", "state": "draft", "before": None}
    assert count(installation, Version) == 1


def test_an_attempt_that_was_taken_over_records_nothing(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = add(installation, file(tmp_path))

    def taken_over(*arguments: Any) -> Any:
        intake = renew(*arguments)
        with installation.db.write() as session:
            session.execute(update(Task).where(Task.id == task_id).values(attempt=Task.attempt + 1))
        return intake

    monkeypatch.setattr("newsletter.services.datasets.file_reading.renew", taken_over)
    run_until_idle(installation)
    version, unread = newest(installation)
    assert version.tables == []
    assert unread is not None


def test_a_task_of_files_that_were_replaced_reads_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    first = add(installation, file(tmp_path, ""))
    run_until_idle(installation)
    dataset_save.replace_table(installation, "seals", file(tmp_path), "ada", clock.now())
    with installation.db.write() as session:
        queueing.retry(session, first, "ben", clock.now())
    while state(installation, first).is_unfinished:  # the two have one lock
        run_until_idle(installation)
    assert "not wanted any more" in state(installation, first).error
    version, unread = newest(installation)
    assert (version.tables[0].rows, unread) == (3, None)


def test_two_saves_at_once_promise_one_reading(installation: Installation, tmp_path: Path) -> None:
    with installation.db.write() as session:
        package = draft("seals", "Seals of the sea", "CC0-1.0", "seals.csv")
        words = package.model_copy(update={"tables": ()})
        datasets.create(session, "seals", Intake(words, (), None, ""), clock.now())
    source, refused = file(tmp_path), list[Conflict]()

    def save() -> None:
        try:
            files = {"seals": source}
            dataset_save.edit(installation, "seals", package, files, "ada", clock.now())
        except Conflict as error:
            refused.append(error)

    savers = [threading.Thread(target=save) for _ in range(4)]
    for saver in savers:
        saver.start()
    for saver in savers:
        saver.join()
    assert (len(refused), count(installation, Task)) == (3, 1)


class Server(BaseHTTPRequestHandler):
    """Calls its file otherwise than its address, and is silent where it is told to be."""

    silent = threading.Event()
    asked = threading.Event()

    def do_GET(self) -> None:
        type(self).asked.set()
        if self.path.startswith("/silent"):
            self.silent.wait(60)
            return
        if self.path.startswith("/gone"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Disposition", 'attachment; filename="Seal counts.csv"')
        self.send_header("Content-Length", str(len(CSV)))
        self.end_headers()
        self.wfile.write(CSV.encode())

    def log_message(self, *_: object) -> None: ...


@contextmanager
def served() -> Iterator[str]:
    Server.silent.clear()
    Server.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        Server.silent.set()
        server.shutdown()
        thread.join()


def test_a_table_is_called_after_the_file_that_its_address_turns_out_to_be(
    installation: Installation,
) -> None:
    with served() as url:
        add(installation, FileSource.at(f"{url}/download?id=7"))
        run_until_idle(installation)
    version, _ = newest(installation)
    assert [(t.name, t.origin, t.rows) for t in version.tables] == [
        ("seal-counts", "Seal counts.csv", 3)
    ]


def test_an_address_where_nothing_is_is_told_of_beside_it(installation: Installation) -> None:
    with served() as url:
        add(installation, FileSource.at(f"{url}/gone.csv"))
        run_until_idle(installation)
    _, unread = newest(installation)
    assert unread is not None
    assert unread.fields == {
        "tables.0.url": "The address answered 404 Not Found: check it in a browser."
    }


def test_a_server_that_is_silent_does_not_keep_it_from_being_cancelled(
    installation: Installation,
) -> None:
    with served() as url:
        task_id = add(installation, FileSource.at(f"{url}/silent.csv"))
        working = threading.Thread(target=run_until_idle, args=(installation,))
        working.start()
        assert Server.asked.wait(30)
        began = time.monotonic()
        with installation.db.write() as session:
            queueing.cancel(session, task_id, "ben", clock.now())
        while state(installation, task_id).is_unfinished:
            time.sleep(0.02)
        assert time.monotonic() - began < SECONDS
        working.join()
    version, unread = newest(installation)
    assert state(installation, task_id).state is TaskState.CANCELLED
    assert (version.tables, unread is not None) == ([], True)
