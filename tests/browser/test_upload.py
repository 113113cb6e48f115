"""The dataset form in a real browser: a file says how far it is, and a failed one costs nothing."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, CDPSession, Page, Request, Route, expect
from sqlalchemy import select

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.curators import (
    accounts,
    logins,
)
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.models.curator import Role
from newsletter.models.upload import Upload

pytestmark = pytest.mark.browser

ADDRESS, PASSWORD = "eve@example.org", "a long pass phrase for the test"
ROWS = 120_000
PATIENCE = 300_000.0  # milliseconds
PAGE = "**/admin/datasets/harbour-seals/"
WORDS = {
    "slug": "harbour-seals",
    "title": "Seals of the Wadden Sea",
    "summary": "Counts from the air, one row a sandbank and year",
    "description": "Each row is one count of seals on one sandbank, from the air, in one year.",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "seal-counts.csv"
    rows = "".join(f"bank {n % 97},{n},{n * 7919 % 1009}\n" for n in range(ROWS))
    path.write_text(f"bank,at,seals\n{rows}")
    return path


@pytest.fixture
def page(browser: Browser, installation: Installation) -> Iterator[Page]:
    with _signed_in(browser, installation, scripts=True) as page:
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        assert [c for c in complaints if "Security Policy" in c or "Error:" in c] == []


def _signed_in(browser: Browser, installation: Installation, scripts: bool) -> Page:
    with installation.db.write() as session:
        accounts.add_curator(session, ADDRESS, Role.OWNER, PASSWORD, clock.now())
    base = installation.settings.base_url
    page = browser.new_page(base_url=base, java_script_enabled=scripts)
    page.set_default_timeout(PATIENCE)
    page.goto("/admin/login")
    _sign_in(page)
    page.goto("/admin/datasets/new")
    return page


def _sign_in(page: Page) -> None:
    page.get_by_label("Address").fill(ADDRESS)
    page.get_by_label("Pass").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def end_sessions(installation: Installation) -> None:
    """As "sign out everywhere" does."""
    with installation.db.write() as session:
        curator = accounts.find(session, ADDRESS)
        assert curator is not None
        logins.end_sessions(session, curator.id)


def fill(page: Page, file: Path, **changed: str) -> None:
    for name, value in (WORDS | changed).items():
        page.locator(f"#{name}").fill(value)
    page.locator("#tables-0-file").set_input_files(file)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()


def begin_slowly(page: Page, file: Path) -> None:
    """Save, and return once some of the file has arrived, and most of it has not."""
    slow_down(page, file.stat().st_size // 10)
    save(page)
    expect(page.locator(".upload-percent")).to_have_text(re.compile("[1-9][0-9]? %"))


def requests_of(page: Page) -> list[str]:
    """The methods of the requests that bring files, from now on."""
    methods: list[str] = []

    def note(request: Request) -> None:
        if "/admin/uploads" in request.url:
            methods.append(request.method)

    page.on("request", note)
    return methods


@lru_cache(maxsize=1)
def network_of(page: Page) -> CDPSession:
    """The one session that decides: what others set beside it would hold as well."""
    return page.context.new_cdp_session(page)


def slow_down(page: Page, bytes_a_second: int, offline: bool = False) -> None:
    network_of(page).send(
        "Network.emulateNetworkConditions",
        {
            "offline": offline,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": bytes_a_second,
        },
    )


def rows(installation: Installation) -> int:
    """Of the file, once it is read."""
    run_until_idle(installation)
    with installation.db.read() as session:
        return datasets.newest(session, WORDS["slug"]).tables[0].rows


def test_it_says_how_far_the_file_is(page: Page, file: Path, installation: Installation) -> None:
    fill(page, file)
    slow_down(page, file.stat().st_size // 2)
    save(page)
    expect(page.locator(".upload-said")).to_have_text(f"Uploading {file.name}")
    expect(page.locator(".upload-percent")).to_have_text(re.compile("[1-9][0-9]? %"))
    expect(page.get_by_role("progressbar")).to_have_attribute("value", re.compile(r"0\.[0-9]+"))
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.wait_for_url(PAGE, timeout=PATIENCE)
    assert rows(installation) == ROWS


def test_it_can_be_stopped_and_gone_on_with(
    page: Page, file: Path, installation: Installation
) -> None:
    sent = requests_of(page)
    fill(page, file)
    begin_slowly(page, file)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".upload-said")).to_have_text("Stopped: save again to go on.")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    assert page.locator("#title").input_value() == WORDS["title"]
    slow_down(page, -1)
    save(page)
    page.wait_for_url(PAGE, timeout=PATIENCE)
    assert rows(installation) == ROWS
    assert sent.count("POST") == 1


def test_a_network_that_is_cut_costs_nothing_and_it_goes_on_by_itself(
    page: Page, file: Path, installation: Installation
) -> None:
    sent = requests_of(page)
    fill(page, file)
    begin_slowly(page, file)
    slow_down(page, -1, offline=True)
    expect(page.locator(".upload-said")).to_contain_text("The connection broke.")
    expect(page.locator(".upload-percent")).to_have_text(re.compile("[1-9][0-9]? %"))
    assert page.locator("#description").input_value() == WORDS["description"]
    slow_down(page, -1)
    page.wait_for_url(PAGE, timeout=PATIENCE)
    assert rows(installation) == ROWS
    assert sent.count("POST") == 1


def test_a_server_that_keeps_nothing_is_waited_for(
    page: Page, file: Path, installation: Installation
) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=503, content_type="text/plain", body="The server is away.")

    page.route("**/admin/uploads**", refuse)
    fill(page, file)
    save(page)
    expect(page.get_by_role("status")).to_have_text("The server is away.")
    page.unroute("**/admin/uploads**")
    page.wait_for_url(PAGE, timeout=PATIENCE)
    assert rows(installation) == ROWS


def test_after_a_reload_it_goes_on_with_the_same_file(
    page: Page, file: Path, installation: Installation
) -> None:
    sent = requests_of(page)
    fill(page, file)
    begin_slowly(page, file)
    page.reload()
    expect(page.locator(".unfinished")).to_have_text(
        re.compile(f"^[1-9][0-9]? % of {file.name} is uploaded: choose the file again and save")
    )
    assert list(Axe().run(page).response["violations"]) == []
    slow_down(page, -1)
    fill(page, file)
    save(page)
    page.wait_for_url(PAGE, timeout=PATIENCE)
    assert rows(installation) == ROWS
    assert sent.count("POST") == 1


def test_what_is_unfinished_can_be_discarded(
    page: Page, file: Path, installation: Installation
) -> None:
    fill(page, file)
    begin_slowly(page, file)
    page.reload()
    page.get_by_role("button", name="Discard it").click()
    expect(page.locator(".unfinished")).to_be_hidden()
    with installation.db.read() as session:
        assert session.scalars(select(Upload)).all() == []
    page.reload()
    expect(page.locator(".unfinished")).to_be_hidden()


def test_what_has_arrived_is_not_sent_again(
    page: Page, file: Path, installation: Installation
) -> None:
    fill(page, file, slug="Not a slug")
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("It was not saved yet", timeout=PATIENCE)
    expect(page.locator(".uploaded")).to_contain_text(file.name)
    sent = requests_of(page)
    page.locator("#slug").fill(WORDS["slug"])
    page.locator("#tables-0-file").set_input_files(file)  # chosen once more, it is known
    save(page)
    page.wait_for_url(PAGE, timeout=PATIENCE)
    assert sent == ["HEAD"]
    assert rows(installation) == ROWS


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(page: Page, file: Path) -> None:
    fill(page, file)
    page.locator("form.long").evaluate("form => form.dataset.most = 1000")
    save(page)
    expect(page.get_by_role("status")).to_contain_text("are the most: pack it, or give its web")
    assert page.locator("#title").input_value() == WORDS["title"]
    assert list(Axe().run(page).response["violations"]) == []


@pytest.mark.parametrize("how", ["elsewhere in this browser", "from another one"])
def test_who_was_signed_out_signs_in_in_another_tab_and_it_goes_on(
    page: Page, file: Path, installation: Installation, how: str
) -> None:
    sent = requests_of(page)
    fill(page, file)
    begin_slowly(page, file)
    if how == "from another one":
        end_sessions(installation)
    else:
        page.context.clear_cookies()
    expect(page.get_by_role("status")).to_contain_text("You are no longer signed in")
    assert page.locator("#title").input_value() == WORDS["title"]
    slow_down(page, -1)
    with page.expect_popup() as tab:
        page.evaluate("void open('/admin/login')")
    _sign_in(tab.value)
    expect(tab.value).to_have_url(re.compile("/admin/$"))
    # The form itself was opened before that, and is shown to be looked through.
    expect(page.get_by_role("alert")).to_contain_text("That form is stale", timeout=PATIENCE)
    expect(page.locator(".uploaded")).to_contain_text(file.name)
    save(page)
    page.wait_for_url(PAGE, timeout=PATIENCE)
    assert rows(installation) == ROWS
    assert sent.count("POST") == 1


def test_without_scripts_a_page_keeps_the_form_until_its_curator_is_back(
    browser: Browser, file: Path, installation: Installation
) -> None:
    with _signed_in(browser, installation, scripts=False) as page:
        fill(page, file)
        end_sessions(installation)
        save(page)
        with page.expect_popup() as tab:
            page.get_by_role("link", name="Sign in, in another tab").click()
        _sign_in(tab.value)
        page.get_by_role("button", name="Go on with what I typed").click()
        expect(page.get_by_role("alert")).to_contain_text("That form is stale")
        assert {name: page.locator(f"#{name}").input_value() for name in WORDS} == WORDS


def test_without_scripts_the_form_takes_the_file_with_it(
    browser: Browser, file: Path, installation: Installation
) -> None:
    with _signed_in(browser, installation, scripts=False) as page:
        fill(page, file)
        save(page)
        page.wait_for_url(PAGE, timeout=PATIENCE)
        assert rows(installation) == ROWS
