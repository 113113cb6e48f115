"""A dataset whose files are being read, or could not be: its page, and what can be done."""

import re
from typing import Any

import pytest

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.installation import Installation
from newsletter.models.dataset import PendingIngest
from newsletter.models.task import TaskState
from newsletter.tasks import queueing
from tests.web.admin.conftest import CURATOR, Browser
from tests.web.admin.datasets.test_dataset_form import (
    CSV,
    NEW,
    WORDS,
    edit,
    newest,
    submit,
    typed,
    upload,
)

PAGE = "/admin/datasets/harbour-seals/"
EDIT = f"{PAGE}edit"
NOISE = b"\x00\x01\x02\x03" * 50


@pytest.fixture
def waiting(curator: Browser) -> Browser:
    """A curator who has added the seals, which no worker has read yet."""
    file = {"tables-0-file": upload()}
    assert curator.post(NEW, NEW, **(WORDS | file)).location == PAGE
    return curator


@pytest.fixture
def refused(curator: Browser) -> Browser:
    """A curator whose new file for the published seals could not be read."""
    submit(curator, tables__0__file=upload())
    curator.post(f"{PAGE}publish", PAGE)
    edit(curator, title="Seals of all seas", note="More.", tables__0__file=upload(NOISE, "n.bin"))
    return curator


def click(browser: Browser, what: str) -> str:
    """Press a button of the page; the page after it."""
    answer = browser.post(f"{PAGE}{what}", PAGE)
    assert answer.status_code == 302
    return browser.get(answer.location).text


def state(installation: Installation) -> TaskState:
    with installation.db.read() as session:
        return queueing.get(session, 1).state


def test_the_page_says_what_is_read_by_whom_and_looks_again(
    waiting: Browser, installation: Installation
) -> None:
    answer = waiting.get(PAGE)
    assert "Reading Seal counts.csv" in answer.text
    assert "waits for a worker" in answer.text
    assert "data-goes-on" in answer.text
    assert '<noscript><meta http-equiv="refresh"' in answer.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert ">Publish</button>" not in answer.text
    with installation.db.write() as session:
        task = queueing.get(session, 1)
        assert (task.started_by, task.title) == (
            CURATOR, "Read Seal counts.csv into harbour-seals",
        )  # fmt: skip
        task.state, task.done, task.total = TaskState.RUNNING, 41, 100
        task.note = "Seal counts.csv: finding its columns’ types"
    page = waiting.get(PAGE).text
    assert "<strong>41 %</strong>" in page
    assert "Seal counts.csv: finding its columns’ types" in page
    assert "Seal counts.csv is being read" in waiting.get("/admin/datasets/").text


def test_it_is_a_page_as_any_once_it_is_read(waiting: Browser) -> None:
    waiting.work()
    answer = waiting.get(PAGE)
    assert 'id="live"' not in answer.text
    assert "4 rows × 3 columns" in answer.text


def test_it_is_not_edited_published_or_deleted_meanwhile(
    waiting: Browser, installation: Installation
) -> None:
    answer = waiting.get(EDIT)
    assert answer.location == PAGE
    assert "Seal counts.csv is being read: edit it when that is done." in waiting.get(PAGE).text
    assert "are not read yet: wait until they are" in click(waiting, "publish")
    assert "is being read into harbour-seals: wait until" in click(waiting, "delete")
    assert "is being read into harbour-seals: wait until" in click(waiting, "files/drop")
    waiting.work()
    assert newest(installation)["rows"] == 4


def test_a_second_save_is_refused_and_loses_nothing(
    waiting: Browser, installation: Installation
) -> None:
    fields: dict[str, Any] = {**WORDS, "title": "Other seals of the sea", "slug": "harbour-seals"}
    answer = waiting.post(EDIT, NEW, **fields, **{"tables-0-file": upload(CSV, "others.csv")})
    assert answer.status_code == 422
    assert "Seal counts.csv is being read into harbour-seals: wait until that" in answer.text
    assert 'value="Other seals of the sea"' in answer.text
    assert "<strong>others.csv</strong> (uploaded)" in answer.text
    waiting.work()
    assert newest(installation)["origin"] == "Seal counts.csv"


def test_a_published_version_stays_untouched_until_the_draft_is_written(
    curator: Browser, installation: Installation
) -> None:
    submit(curator, tables__0__file=upload())
    curator.post(f"{PAGE}publish", PAGE)
    fields = typed(curator.get(EDIT).text)
    more = upload(CSV + b"North,2021,140\n", "more.csv")
    curator.send(EDIT, **fields, **{"tables-0-file": more})
    page = curator.get(PAGE).text
    assert "Reading more.csv" in page
    assert "4 rows × 3 columns" in page
    assert curator.get("/datasets/harbour-seals").status_code == 200
    assert newest(installation)["versions"] == 1
    curator.work()
    assert (newest(installation)["versions"], newest(installation)["rows"]) == (2, 5)


def test_what_was_typed_with_a_refused_file_stands_in_the_form(
    refused: Browser, installation: Installation
) -> None:
    page = refused.get(PAGE).text
    assert "n.bin could not be read" in page
    assert "1.0.0 stays as it is meanwhile." in page
    assert "n.bin could not be read" in refused.get("/admin/datasets/").text
    form = refused.get(EDIT).text
    assert 'value="Seals of all seas"' in form
    assert 'name="note"' in form
    assert 'value="More."' in form
    assert re.search(r'id="tables-0-file-problem">This is not a text file', form)
    edit(refused, tables__0__file=upload(CSV + b"North,2021,140\n"))
    after = newest(installation)
    assert (after["title"], after["version"]) == ("Seals of all seas", "1.1.0")
    assert after["changelog"][-1]["note"] == "More."


def test_how_it_is_read_can_be_said_and_the_same_file_tried_again(
    curator: Browser, installation: Installation
) -> None:
    submit(curator, tables__0__file=upload(), tables__0__read__encoding="utf-16")
    form = curator.get(EDIT).text
    assert 'id="tables-0-file-problem">' in form
    assert re.search(r'name="tables-0-read-encoding"[^>]* value="utf-16"', form)
    edit(curator, tables__0__read__encoding="")
    assert newest(installation)["rows"] == 4


def test_a_table_that_nobody_named_is_called_after_the_file_that_reads(
    curator: Browser, installation: Installation
) -> None:
    submit(curator, tables__0__file=upload(NOISE, "noise.bin"))
    edit(curator, tables__0__file=upload(CSV, "Counts of seals.csv"))
    assert [table["name"] for table in newest(installation)["tables"]] == ["counts-of-seals"]


def test_a_refused_file_is_dropped_and_the_dataset_as_it_was(
    refused: Browser, installation: Installation
) -> None:
    assert "It stays as it was." in click(refused, "files/drop")
    assert "All files of harbour-seals are read" in click(refused, "files/drop")
    with installation.db.read() as session:
        assert session.get(PendingIngest, 1) is None
    assert 'value="Seals of the Wadden Sea"' in refused.get(EDIT).text
    edit(refused, title="Seals, said anew")
    assert newest(installation)["title"] == "Seals, said anew"


def test_it_is_cancelled_and_tried_again(waiting: Browser, installation: Installation) -> None:
    page = click(waiting, "files/cancel")
    assert "Seal counts.csv was not read" in page
    assert "Reading it was cancelled." in page
    assert state(installation) is TaskState.CANCELLED
    assert "there is nothing left to cancel" in click(waiting, "files/cancel")
    waiting.work()
    assert "Reading Seal counts.csv" in click(waiting, "files/retry")
    waiting.work()
    assert newest(installation)["rows"] == 4


def test_a_draft_is_deleted_whose_file_could_not_be_read(
    curator: Browser, installation: Installation
) -> None:
    submit(curator, tables__0__file=upload(NOISE, "n.bin"))
    answer = curator.post(f"{PAGE}delete", PAGE)
    assert answer.location == "/admin/datasets/"
    assert "The draft is deleted." in curator.get(answer.location).text
    with installation.db.read() as session:
        assert datasets.find(session, "harbour-seals") is None
        assert session.get(PendingIngest, 1) is None
    submit(curator, tables__0__file=upload())
    assert newest(installation)["rows"] == 4


def test_what_is_published_is_not_deleted(curator: Browser, installation: Installation) -> None:
    submit(curator, tables__0__file=upload())
    curator.post(f"{PAGE}publish", PAGE)
    assert "is published: only a draft can be deleted" in click(curator, "delete")
    edit(curator, tables__0__file=upload(CSV + b"North,2021,140\n"))
    assert "The draft is deleted." in click(curator, "delete")
    assert (newest(installation)["version"], newest(installation)["versions"]) == ("1.0.0", 1)


def test_a_task_that_failed_otherwise_is_told_of_too(
    waiting: Browser, installation: Installation
) -> None:
    with installation.db.write() as session:
        task = queueing.get(session, 1)
        task.state, task.finished_at = TaskState.FAILED, clock.now()
        task.error = "Each worker that ran it ended without a word: it may need too much memory."
    page = waiting.get(PAGE).text
    assert "Seal counts.csv could not be read" in page
    assert "Each worker that ran it ended without a word" in page
