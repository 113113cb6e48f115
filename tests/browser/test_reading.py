"""A dataset's page while its file is read: it shows how far that is, and fills itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from newsletter.catalog.versions.renewal import renew
from newsletter.engine.tasks.worker import run_until_idle, running_beside
from newsletter.installation import Installation
from newsletter.models.task import Task, TaskState
from newsletter.tables.ingest import Watch
from tests.browser.test_upload import PAGE, WORDS, _signed_in, fill, save

pytestmark = pytest.mark.browser

READ_WITHIN = 30_000  # milliseconds, where four other tests want the same two processors
EMPTY = "The file is empty: give one with a header and rows."


@pytest.fixture
def page(browser: Browser, installation: Installation) -> Iterator[Page]:
    with _signed_in(browser, installation, scripts=True) as page:
        yield page


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "seal-counts.csv"
    path.write_text("bank,seals\nNorth,120\nSouth,88\nWest,7\n")
    return path


def violations(page: Page) -> list[object]:
    return list(Axe().run(page).response["violations"])


def test_the_page_shows_how_far_it_is_and_fills_itself(
    page: Page, file: Path, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(page, file)
    save(page)
    page.wait_for_url(PAGE)
    expect(page.get_by_role("heading", name="Reading seal-counts.csv")).to_be_visible()
    expect(page.locator("#live")).to_contain_text("waits for a worker")
    assert violations(page) == []

    def looked_at(*arguments: object) -> object:
        """Reads once the page has shown how far it is."""
        watch: Watch = arguments[4]  # type: ignore[assignment]
        while not shown:
            watch("seal-counts.csv: half of it", 0.5)
        return renew(*arguments)  # type: ignore[arg-type]

    shown: list[bool] = []
    monkeypatch.setattr("newsletter.services.datasets.file_reading.renew", looked_at)
    with running_beside(installation):
        expect(page.locator("#live")).to_contain_text("47 %")
        expect(page.locator("#live")).to_contain_text("seal-counts.csv: half of it")
        shown.append(True)
        heading = page.get_by_role("heading", name="seal-counts 3 rows, 2 columns")
        expect(heading).to_be_visible(timeout=READ_WITHIN)
    expect(page.locator("#live")).to_have_count(0)
    assert violations(page) == []


def test_what_is_refused_is_said_and_another_file_makes_it_good(
    page: Page, file: Path, installation: Installation, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    fill(page, empty)
    save(page)
    page.wait_for_url(PAGE)
    run_until_idle(installation)
    expect(page.get_by_role("alert")).to_have_text(EMPTY)  # by itself
    assert violations(page) == []
    page.get_by_role("link", name="Give another file").click()
    expect(page.locator("#tables-0-file-problem")).to_have_text(EMPTY)
    for name in ("title", "summary", "description"):
        assert page.locator(f"#{name}").input_value() == WORDS[name]
    page.locator("#tables-0-file").set_input_files(file)
    save(page)
    page.wait_for_url(PAGE)
    run_until_idle(installation)
    expect(page.get_by_role("heading", name="seal-counts 3 rows, 2 columns")).to_be_visible()


def test_it_is_cancelled_on_its_page(page: Page, file: Path, installation: Installation) -> None:
    fill(page, file)
    save(page)
    page.wait_for_url(PAGE)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#live")).to_contain_text("Reading it was cancelled.")
    with installation.db.read() as session:
        assert session.get_one(Task, 1).state is TaskState.CANCELLED
    page.get_by_role("button", name="Try again").click()
    run_until_idle(installation)
    expect(page.get_by_role("heading", name="seal-counts 3 rows, 2 columns")).to_be_visible()


def test_without_scripts_the_browser_looks_again(
    browser: Browser, file: Path, installation: Installation
) -> None:
    with _signed_in(browser, installation, scripts=False) as page:
        fill(page, file)
        save(page)
        page.wait_for_url(PAGE)
        run_until_idle(installation)
        heading = page.get_by_role("heading", name="seal-counts 3 rows, 2 columns")
        expect(heading).to_be_visible(timeout=READ_WITHIN)
