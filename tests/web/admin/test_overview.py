"""The first page: what is wrong with the processes is said before anything else."""

from bs4 import BeautifulSoup
from sqlalchemy import update

from newsletter import clock
from newsletter.backups import permission
from newsletter.curators import accounts
from newsletter.installation import Installation
from newsletter.models.curator import Role
from newsletter.models.process import Process, ProcessRole
from tests.heartbeats.rows import beat
from tests.web.admin.conftest import PASSWORD, Browser


def lines(browser: Browser) -> list[str]:
    """What is said of the processes, and that it is said first."""
    page = BeautifulSoup(browser.get("/admin/").text, "html.parser")
    place = page.select_one("#processes")
    assert place is not None
    assert page.main is not None
    assert page.main.find_next(id=True) is place
    return [line.get_text() for line in place.select("p")] or [place.get_text()]


def test_one_quiet_line_while_all_run(installation: Installation, curator: Browser) -> None:
    beat(installation.db, ProcessRole.CLOCK)
    beat(installation.db, ProcessRole.WORKER)
    assert lines(curator) == ["The clock and a worker are running."]


def test_a_silent_clock_and_a_missing_worker(installation: Installation, curator: Browser) -> None:
    beat(installation.db, ProcessRole.CLOCK, ago=30 * 60)
    assert lines(curator) == [
        "The clock has been silent since 09:00. No issue will begin until it runs again.",
        "No worker is running. No mail goes out until it runs again.",
    ]


def test_one_of_two_workers_and_a_clock_that_differs(
    installation: Installation, curator: Browser
) -> None:
    beat(installation.db, ProcessRole.CLOCK, "one")
    beat(installation.db, ProcessRole.WORKER, "one")
    beat(installation.db, ProcessRole.WORKER, "two", ago=30 * 60)
    with installation.db.write() as session:
        fast = update(Process).where(Process.role == ProcessRole.CLOCK)
        session.execute(fast.values(clock_ahead=150.0, host="fast"))
    loss, difference = lines(curator)
    assert loss.startswith("The worker on two has been silent since 09:00; another goes on.")
    assert difference.startswith("The clock of fast is 150 s ahead of the database server's")


def test_a_copy_sends_nothing_until_somebody_is_sure(
    installation: Installation, curator: Browser, nobody: Browser
) -> None:
    pages, banner = ("/admin/", "/admin/tasks/", "/admin/account/"), "Nothing is sent from here"
    assert not any(banner in curator.get(page).text for page in pages)
    with installation.db.write() as session:
        permission.take_away(session)
    assert all(curator.get(page).text.count(banner) == 1 for page in pages)
    assert banner not in nobody.get("/admin/login").text + nobody.get("/").text
    assert "sending: held" in curator.get("/readyz").text
    curator.post("/admin/allow-sending")
    assert "tick that no other installation" in curator.get("/admin/").text
    assert banner in curator.get("/admin/tasks/").text
    curator.post("/admin/allow-sending", sure="yes")
    assert not any(banner in curator.get(page).text for page in pages)
    assert "sending: held" not in curator.get("/readyz").text


def test_who_may_not_let_a_copy_send_reads_who_may(
    installation: Installation, nobody: Browser
) -> None:
    with installation.db.write() as session:
        permission.take_away(session)
        accounts.add_curator(session, "author@example.org", Role.AUTHOR, PASSWORD, clock.now())
    nobody.sign_in("author@example.org")
    page = nobody.get("/admin/").text
    assert "A sender or an owner lets it here" in page
    assert "/admin/allow-sending" not in page
