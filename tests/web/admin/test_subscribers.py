"""Subscribers in the admin: brought in from a file, and taken away as one."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from newsletter import clock
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.jobs import purge_task_files
from newsletter.models.subscriber import Status, Subscriber
from newsletter.models.task import Task
from tests.web.admin.conftest import CURATOR, OWNER, Browser

LIST = "email,name,status\nann@example.org,Ann,\nnobody,,\nbob@example.org,Bob,gone\n"
IMPORT = "/admin/subscribers/import"


def bring(browser: Browser, text: str = LIST, **fields: str) -> str:
    """Send a file; the page of its task."""
    file = (io.BytesIO(text.encode()), "list.csv")
    answer = browser.post(IMPORT, IMPORT, file=file, **fields)
    assert answer.status_code == 302, answer.text
    assert answer.location is not None
    return str(answer.location)


def statuses(installation: Installation) -> dict[str, Status]:
    with installation.db.read() as session:
        return {s.address: s.status for s in session.scalars(select(Subscriber))}


@pytest.mark.parametrize(
    ("fields", "status"), [({}, Status.PENDING), ({"confirmed": "y"}, Status.ACTIVE)]
)
def test_a_file_is_brought_in_by_a_task_with_a_report(
    installation: Installation, curator: Browser, fields: dict[str, str], status: Status
) -> None:
    page = bring(curator, **fields)
    assert statuses(installation) == {}
    assert "waits for a worker" in curator.get(page).text
    run_until_idle(installation)
    assert statuses(installation) == {"ann@example.org": status}
    report = curator.get(page).text
    assert "What came of it" in report
    assert "<dt>added</dt><dd>1</dd>" in report
    assert "<dt>refused</dt><dd>2</dd>" in report
    assert '<td class="number">4</td><td>Its status is not one of' in report
    assert "ann@example.org" not in report


@pytest.mark.parametrize(
    ("text", "why"),
    [("name\nAnn\n", "a column named email"), ("", "a column named email"), ("\xff", "email")],
)
def test_a_file_that_is_no_list_is_refused_at_once(
    installation: Installation, curator: Browser, text: str, why: str
) -> None:
    answer = curator.post(IMPORT, IMPORT, file=(io.BytesIO(text.encode()), "list.csv"))
    assert answer.status_code == 422
    assert why in answer.text
    assert list(installation.storage.root.rglob("*.task")) == []
    with installation.db.read() as session:
        assert session.scalars(select(Task)).all() == []


def test_one_that_was_cancelled_is_brought_again_and_not_tried_again(
    installation: Installation, curator: Browser
) -> None:
    """Its file is not kept that long."""
    page = bring(curator)
    curator.post(f"{page}/cancel", page)
    assert "Try again" in curator.get(page).text
    purge_task_files(installation, clock.now() + timedelta(days=3650))
    assert list(installation.storage.root.rglob("*.task")) == []
    assert "Try again" not in curator.get(page).text


def test_no_file_is_refused(curator: Browser) -> None:
    answer = curator.post(IMPORT, IMPORT)
    assert (answer.status_code, "Choose a CSV file." in answer.text) == (422, True)


def test_a_stale_form_keeps_its_file(installation: Installation, curator: Browser) -> None:
    file = (io.BytesIO(LIST.encode()), "list.csv")
    stale = curator.send(IMPORT, csrf_token="of another session", file=file, confirmed="y")
    assert stale.status_code == 400
    assert "list.csv is kept" in stale.text
    note = stale.text.partition('name="stored" type="hidden" value="')[2].partition('"')[0]
    again = curator.post(IMPORT, IMPORT, stored=note, confirmed="y")
    assert again.status_code == 302
    run_until_idle(installation)
    assert statuses(installation) == {"ann@example.org": Status.ACTIVE}


def test_an_export_is_downloaded_by_who_asked_for_it_alone(
    installation: Installation, curator: Browser, new_browser: Callable[[], Browser]
) -> None:
    bring(curator, confirmed="y")
    run_until_idle(installation)
    page = curator.post("/admin/subscribers/export", "/admin/subscribers/").location
    assert page is not None
    assert curator.get("/admin/subscribers/export/2").status_code == 404  # not yet
    run_until_idle(installation)
    link = "/admin/subscribers/export/2"
    assert link in curator.get(page).text
    file = curator.get(link)
    assert file.headers["Content-Disposition"] == "attachment; filename=subscribers.csv"
    assert file.headers["Cache-Control"] == "no-store"
    assert "ann@example.org" in file.text
    owner = new_browser()
    assert owner.sign_in(OWNER).status_code == 302
    assert owner.get(link).status_code == 404
    assert link not in owner.get(page).text
    assert curator.get("/admin/subscribers/export/1").status_code == 404  # an import
    assert CURATOR in owner.get(page).text


def test_an_export_is_there_for_a_day(installation: Installation, curator: Browser) -> None:
    curator.post("/admin/subscribers/export", "/admin/subscribers/")
    run_until_idle(installation)
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1)):
        assert curator.sign_in(CURATOR).status_code == 302
        assert curator.get("/admin/subscribers/export/1").status_code == 410


def test_nobody_downloads_without_signing_in(nobody: Browser) -> None:
    assert nobody.get("/admin/subscribers/export/1").status_code == 302
