"""Tasks in the admin: the list, one with its progress and log, cancel, try again."""

from sqlalchemy import update

from newsletter import clock
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.models.task import Task, TaskState
from newsletter.services.datasets.catalog_check import start_check
from tests.web.admin.conftest import CURATOR, Browser


def promised(installation: Installation) -> int:
    with installation.db.write() as session:
        return start_check(session, [], "ada@example.org", clock.now()).id


def change(installation: Installation, task_id: int, **values: object) -> None:
    with installation.db.write() as session:
        session.execute(update(Task).where(Task.id == task_id).values(**values))


def test_the_button_promises_a_check_and_shows_it(seeded: Installation, curator: Browser) -> None:
    answer = curator.post("/admin/tasks/check-catalog", "/admin/datasets/")
    assert (answer.status_code, answer.location) == (302, "/admin/tasks/1")
    waiting = curator.get("/admin/tasks/1").text
    assert "waits for a worker" in waiting
    assert CURATOR in waiting
    run_until_idle(seeded)
    done = curator.get("/admin/tasks/1").text
    assert "What it found" in done
    assert "/admin/datasets/penguins/" in done
    assert "data-goes-on" not in done


def test_a_page_of_what_goes_on_looks_again_with_and_without_a_script(
    installation: Installation, curator: Browser
) -> None:
    task_id = promised(installation)
    change(installation, task_id, state="running", done=3, total=12, note="gulls", attempt=1)
    for path in (f"/admin/tasks/{task_id}", "/admin/tasks/"):
        page = curator.get(path)
        assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page.text
        assert "live.js" in page.text
        assert "data-goes-on" in page.text
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert "gulls" in page.text
    assert "25 %" in curator.get(f"/admin/tasks/{task_id}").text


def test_one_is_cancelled_and_tried_again(installation: Installation, curator: Browser) -> None:
    task_id = promised(installation)
    page = f"/admin/tasks/{task_id}"
    curator.post(f"{page}/cancel", page)
    assert f"Cancelled by {CURATOR}." in curator.get(page).text
    curator.post(f"{page}/retry", page)
    assert f"Tried again by {CURATOR}." in curator.get(page).text
    curator.post(f"{page}/retry", page)
    assert "only one that failed or was cancelled" in curator.get(page).text


def test_what_failed_says_why(installation: Installation, curator: Browser) -> None:
    task_id = promised(installation)
    change(installation, task_id, state=TaskState.FAILED, error="The <disk> is full.")
    assert "The &lt;disk&gt; is full." in curator.get(f"/admin/tasks/{task_id}").text
    assert "The &lt;disk&gt; is full." in curator.get("/admin/tasks/?state=failed").text
    assert "None is done" in curator.get("/admin/tasks/?state=done").text


def test_one_that_is_not_there_is_not_found(curator: Browser) -> None:
    assert curator.get("/admin/tasks/9").status_code == 404


def test_nobody_sees_them_without_signing_in(nobody: Browser) -> None:
    assert nobody.get("/admin/tasks/").status_code == 302
