"""Subscribers in and out as tasks: each row once, files for their owner alone, nothing left."""

import csv
import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from newsletter import clock
from newsletter.db import Database
from newsletter.engine.tasks.registry import DEFINITIONS
from newsletter.errors import ExpiredToken, Invalid, NotFound
from newsletter.installation import Installation
from newsletter.models.subscriber import Status, Subscriber
from newsletter.models.task import Task, TaskState
from newsletter.services.subscriber_transfer import (
    BATCH,
    EXPORT_SUBSCRIBERS,
    IMPORT_SUBSCRIBERS,
    check_readable,
    exported,
)
from newsletter.settings import Settings
from newsletter.tasks import files, queueing
from newsletter.tasks.running import Worker, run
from tests import factories

ROWS = 5 * BATCH + 50


@pytest.fixture
def installation(
    environ: dict[str, str], database_url: str, db: Database
) -> Iterator[Installation]:
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    opened.settings.home.mkdir(parents=True)
    yield opened
    opened.db.close()


def brought(installation: Installation, folder: Path, text: str, **how: object) -> int:
    """A task that imports a file."""
    path = folder / "list.csv"
    path.write_text(text, encoding="utf-8", newline="")
    key = files.keep(installation.storage, path)
    arguments = {"file": key, "confirmed": True} | how
    with installation.db.write() as session:
        return queueing.defer(session, IMPORT_SUBSCRIBERS, "ada", clock.now(), **arguments).id


def promised_export(installation: Installation, **arguments: object) -> int:
    with installation.db.write() as session:
        return queueing.defer(session, EXPORT_SUBSCRIBERS, "ada", clock.now(), **arguments).id


def ended(installation: Installation, task_id: int, stop_after: int | None = None) -> Task:
    """The task after an attempt, which is interrupted after some looks at whether to stop."""
    looks = iter(range(10_000))
    worker = Worker(
        installation,
        DEFINITIONS,
        "w1",
        lambda: stop_after is not None and next(looks) >= stop_after,
    )
    run(worker, task_id)
    with installation.db.read() as session:
        return queueing.get(session, task_id)


def rows(count: int) -> str:
    return "email,name\r\n" + "".join(f"reader{n}@example.org,R {n}\r\n" for n in range(count))


def addresses(installation: Installation) -> list[str]:
    with installation.db.read() as session:
        return list(session.scalars(select(Subscriber.address).order_by(Subscriber.id)))


def kept_files(installation: Installation) -> list[Path]:
    return [path for path in installation.storage.root.rglob("*.task*") if path.is_file()]


def test_it_goes_on_where_the_last_batch_ended(installation: Installation, tmp_path: Path) -> None:
    task_id = brought(installation, tmp_path, rows(ROWS))
    stopped = ended(installation, task_id, stop_after=9)
    assert stopped.state is TaskState.QUEUED
    assert 0 < stopped.done < ROWS
    assert stopped.result is not None
    assert stopped.result["added"] == stopped.done == len(addresses(installation))
    done = ended(installation, task_id)
    assert (done.state, done.done, done.total) == (TaskState.DONE, ROWS, ROWS)
    assert done.result == {
        "added": ROWS,
        "known": 0,
        "suppressed": 0,
        "refused": [],
        "refused_rows": 0,
    }
    assert addresses(installation) == [f"reader{n}@example.org" for n in range(ROWS)]


def test_no_transaction_has_more_than_a_batch(installation: Installation, tmp_path: Path) -> None:
    counts: list[int] = []

    def count(connection: object) -> None:
        counts.append(len(addresses(installation)))

    task_id = brought(installation, tmp_path, rows(ROWS))
    event.listen(installation.db.engine, "commit", count)
    ended(installation, task_id)
    event.remove(installation.db.engine, "commit", count)
    assert max(b - a for a, b in pairwise(counts)) <= BATCH


def test_the_report_names_lines_and_reasons_and_no_address(
    installation: Installation, tmp_path: Path
) -> None:
    with installation.db.write() as session:
        factories.subscriber(session, installation.signer, "ann@example.org", Status.UNSUBSCRIBED)
    text = (
        "email,status\nann@example.org,active\nnobody\nbob@example.org,cleaned\ncleo@example.org,\n"
    )
    done = ended(installation, brought(installation, tmp_path, text))
    assert done.result is not None
    assert (done.result["added"], done.result["known"], done.result["refused_rows"]) == (1, 1, 2)
    assert [line for line, _ in done.result["refused"]] == [3, 4]
    written = json.dumps([done.arguments, done.lines, done.result, done.error, done.note])
    assert "@" not in written.replace("@-sign", "")
    assert "nobody" not in written


def test_a_file_that_is_wrong_further_down_brings_in_nobody(
    installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes((rows(ROWS) + "zoe@example.org,Zoë\r\n").encode("latin-1"))
    key = files.keep(installation.storage, path)
    with installation.db.write() as session:
        task = queueing.defer(
            session, IMPORT_SUBSCRIBERS, "ada", clock.now(), file=key, confirmed=True
        )
    failed = ended(installation, task.id)
    assert failed.state is TaskState.FAILED
    assert failed.error == "The file is not in UTF-8: save it as CSV UTF-8."
    assert addresses(installation) == []
    assert kept_files(installation) == []


@pytest.mark.parametrize("text", ["", "name\nAnn\n"])
def test_a_file_without_a_column_of_addresses_is_refused_before_anything_is_promised(
    installation: Installation, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(Invalid, match="email"):
        check_readable(installation.storage, files.keep(installation.storage, path))


def test_a_file_is_its_owners_alone_and_goes_when_the_task_ends(
    installation: Installation, tmp_path: Path
) -> None:
    task_id = brought(installation, tmp_path, rows(3))
    (path,) = kept_files(installation)
    assert path.stat().st_mode & 0o777 == 0o600
    ended(installation, task_id)
    assert kept_files(installation) == []
    again = brought(installation, tmp_path, rows(3))
    with installation.db.write() as session:
        queueing.get(session, again).arguments = {"file": "0" * 64, "confirmed": True}
    assert ended(installation, again).error == "The file is no longer there: bring it again."


def test_an_export_is_for_the_curator_who_asked_and_for_a_day(installation: Installation) -> None:
    with installation.db.write() as session:
        factories.subscriber(session, installation.signer, "ann@example.org", name="=1+1")
    task = ended(installation, promised_export(installation, curator=7))
    now = clock.now()
    assert task.result is not None
    assert task.result["subscribers"] == 1
    key = exported(task, 7, "ada", now)
    path = installation.storage.path(key)
    assert path.stat().st_mode & 0o777 == 0o600
    (row,) = csv.DictReader(path.read_text().splitlines())
    assert (row["email"], row["name"]) == ("ann@example.org", "'=1+1")
    for curator, address in ((8, "ada"), (7, "ben")):
        with pytest.raises(NotFound):
            exported(task, curator, address, now)
    with pytest.raises(ExpiredToken):
        exported(task, 7, "ada", now + timedelta(days=1, minutes=1))
    assert not (installation.settings.home / files.FOLDER / str(task.id)).exists()


def test_an_export_has_everybody_in_parts(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(installation, brought(installation, tmp_path, rows(25)))
    monkeypatch.setattr("newsletter.audience.transfer.AT_ONCE", 10)
    target = tmp_path / "out.csv"
    target.write_text("what was there before")
    task = ended(installation, promised_export(installation, path=str(target)))
    assert (task.state, task.done, task.total) == (TaskState.DONE, 25, 25)
    assert target.stat().st_mode & 0o777 == 0o600
    with target.open(newline="") as file:
        assert [row["email"] for row in csv.DictReader(file)] == addresses(installation)
    assert list(tmp_path.glob(".out*")) == []


def test_an_export_to_nowhere_says_so(installation: Installation, tmp_path: Path) -> None:
    path = str(tmp_path / "nowhere" / "out.csv")
    task = ended(installation, promised_export(installation, path=path))
    assert task.error == f"{path} cannot be written: name a file in a folder that is there."


def test_two_imports_of_one_file_do_not_take_it_from_each_other(
    installation: Installation, tmp_path: Path
) -> None:
    first, second = (brought(installation, tmp_path, rows(3)) for _ in range(2))
    assert ended(installation, first).state is TaskState.DONE
    done = ended(installation, second)
    assert done.result is not None
    assert (done.state, done.result["known"]) == (TaskState.DONE, 3)
    with installation.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Subscriber)) == 3
