"""Posts in a real browser: readable on a phone and by everybody, and nothing of one runs."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.curators import accounts
from newsletter.installation import Installation
from newsletter.models.curator import Role
from newsletter.models.post import RunStatus
from newsletter.posts.cells import Cell, Code, Error, Figure, Html, Note, Prose, Table, Text
from tests import factories
from tests.web.admin.conftest import OWNER, PASSWORD

pytestmark = pytest.mark.browser

UNBROKEN = "Donaudampfschifffahrtsgesellschaft" * 4
RUN = "document.title = 'ran'"
MARKUP = (
    f'<script>{RUN}</script><img src="/nothing.png" onerror="{RUN}"><svg onload="{RUN}"></svg>'
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>'
    f'<a id="js" href="javascript:{RUN}">x</a>'
)
PAGES = ["/posts/", "/posts/plain", "/posts/hostile", "/posts/?q=nothing&column=x", "/issues/"]


def cells(key: str, text: str) -> tuple[Cell, ...]:
    wide = Table(tuple(f"column_{n}_{UNBROKEN}" for n in range(9)), (("1",) * 9,) * 60, text)
    outputs = (Text(text * 5), Error(text), wide, Figure(key, 1200, 800, text), Note(text))
    prose = Prose(f"# {text}\n\n{text}\n\n|a|b|\n|-|-|\n|{'x' * 200}|1|")
    return (prose, Code("python", f"x = '{text}'\n", True, (*outputs, Html(text), Prose(text))))


@pytest.fixture(autouse=True)
def site(installation: Installation) -> None:
    """A plain post with words as long as they come, and one of nothing but markup."""
    storage = installation.storage
    with installation.db.write() as session:
        factories.issue(session, factories.dataset(session, storage))
        version = datasets.published(session, "penguins")
        key = factories.store(storage, factories.png(1200, 800), ".png")
        factories.post(session, version, "plain", cells=cells(key, UNBROKEN), title=UNBROKEN[:120],
                       author=UNBROKEN[:120])  # fmt: skip
        factories.post(session, version, "hostile", cells=cells(key, MARKUP), title=MARKUP,
                       question=MARKUP, author=MARKUP, credit=MARKUP, runs=[],
                       columns=[MARKUP], requires=[MARKUP])  # fmt: skip
        accounts.add_curator(session, OWNER, Role.OWNER, PASSWORD, clock.now())


@pytest.fixture
def phone(browser: Browser, installation: Installation) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, base_url=installation.settings.base_url
    )
    yield context
    context.close()


def test_no_post_is_wider_than_a_phone(phone: BrowserContext) -> None:
    page = phone.new_page()
    for path in PAGES:
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, f"{path} is {wide} pixels wide"
    page.goto("/posts/plain")
    box = page.locator(".output.scroll")
    assert box.get_attribute("tabindex") == "0"  # by the keyboard, too
    assert box.evaluate("box => { box.scrollLeft = 50; return box.scrollLeft; }") == 50


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_post_can_be_read_by_everybody(
    browser: Browser, installation: Installation, scheme: str
) -> None:
    context = browser.new_context(
        base_url=installation.settings.base_url,
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    problems = []
    for path in PAGES:
        page.goto(path)
        problems += [
            f"{path}: {violation['id']}: {violation['nodes'][0]['html'][:120]}"
            for violation in Axe().run(page).response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
    context.close()
    assert problems == []


def listening(page: Page) -> list[str]:
    """What ``page`` says from now on: a script that was stopped is said too."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    return said


def test_nothing_of_a_hostile_post_runs_or_even_tries(phone: BrowserContext) -> None:
    page = phone.new_page()
    said = listening(page)
    for path in ("/posts/hostile", "/posts/", "/datasets/penguins"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.title() != "ran"
        assert page.locator("#js").count() == 0
    assert said == []


def test_nothing_of_it_runs_before_a_curator_either(
    browser: Browser, installation: Installation
) -> None:
    context = browser.new_context(base_url=installation.settings.base_url)
    page = context.new_page()
    page.goto("/admin/login")
    page.get_by_label("Address").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    said = listening(page)
    page.goto("/admin/posts/hostile/")
    page.wait_for_load_state("networkidle")
    frame = page.frame_locator("iframe.desktop")
    assert "onerror" in frame.locator("h1").inner_text()
    assert frame.locator("figure img").evaluate("image => image.naturalWidth") == 1200
    colour = frame.locator("h1").evaluate("title => getComputedStyle(title).fontFamily")
    assert "Palatino" in colour  # the styles of the site reach it
    page.goto("/admin/posts/hostile/preview.html")
    assert page.evaluate("origin") == "null"  # sandboxed, framed or not
    assert page.title() != "ran"
    context.close()
    assert said == []


def test_a_post_that_no_longer_runs_says_so_on_a_phone(
    installation: Installation, phone: BrowserContext
) -> None:
    with installation.db.write() as session:
        version = datasets.published(session, "penguins")
        broken = factories.post(session, version, "broken", runs=[])
        broken.runs = [factories.run(broken, RunStatus.FAILED, error=UNBROKEN)]
    page = phone.new_page()
    page.goto("/posts/broken")
    assert page.get_by_role("note").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
