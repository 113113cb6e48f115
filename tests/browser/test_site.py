"""The public site in a real browser: on a phone, in the dark, and to a screen reader."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from newsletter import clock
from newsletter.audience import links
from newsletter.installation import Installation
from newsletter.models import Subscriber
from newsletter.models.subscriber import Status
from tests import factories

pytestmark = pytest.mark.browser

WIDE = ",".join(f"a_rather_long_column_name_{n}" for n in range(30)) + "\n" + ",".join("1" * 30)
UNBROKEN = "Donaudampfschifffahrtsgesellschaft"
MAIL = """<!doctype html><html lang="en"><head><title>as mailed</title>
<style>p { color: rgb(1, 2, 3); }</style><script>document.title = "ran"</script></head>
<body style="margin: 7px" onload="document.title = 'ran'"><h1>Mail</h1><p>Text</p>
<img src="/nothing.png" alt="" onerror="document.title = 'ran'">
<img id="chart" src="/issues/2026-11-23/chart.png" alt="chart">
<form action="/subscribe" method="post"><input name="email" value="x@example.org">
<button>Send</button></form>
<a id="out" href="/datasets/penguins">The dataset</a>
<a id="js" href="javascript:document.title = 'ran'">x</a></body></html>"""


@pytest.fixture
def paths(installation: Installation) -> list[str]:
    """Every kind of page, with texts and tables as wide as they come."""
    signer, storage = installation.signer, installation.storage
    with installation.db.write() as session:
        version = factories.dataset(session, storage)
        factories.issue(session, version, page=MAIL)
        factories.dataset(
            session,
            storage,
            "wide",
            {"wide": WIDE, "other": "a\n1\n"},
            title=UNBROKEN + " und mehr",
            keywords=[UNBROKEN.lower(), "birds"],
            description=f"A {UNBROKEN * 3}.\n\n    {'code ' * 40}\n\n|a|b|\n|-|-|\n|{'x' * 200}|1|",
            citation=f"https://example.org/{UNBROKEN * 4}",
        )
        ann = factories.subscriber(session, signer, f"ann@{'long' * 12}.example.org")
        new = factories.subscriber(session, signer, "new@example.org", Status.PENDING)
    now = clock.now()
    long_ago = now - links.CONFIRM_FOR - timedelta(days=1)
    return [
        "/",
        "/subscribe",
        "/issues/",
        "/datasets/",
        "/datasets/?q=nothing&keyword=birds",
        "/datasets/penguins",
        "/datasets/wide",
        f"/confirm/{links.confirm_token(signer, new, now)}",
        f"/confirm/{links.confirm_token(signer, new, long_ago)}",
        f"/preferences/{links.token_of(signer, links.PREFERENCES, ann)}",
        f"/unsubscribe/{links.token_of(signer, links.UNSUBSCRIBE, ann)}",
        "/nowhere",
    ]


@pytest.fixture
def page(browser: Browser, installation: Installation) -> Iterator[Page]:
    """A phone with JavaScript off, as the site must work without it."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        base_url=installation.settings.base_url,
        java_script_enabled=False,
    )
    yield context.new_page()
    context.close()


def test_no_page_is_wider_than_a_phone(page: Page, paths: list[str]) -> None:
    for path in paths:
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, f"{path} is {wide} pixels wide"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_by_everybody(
    browser: Browser, installation: Installation, paths: list[str], scheme: str
) -> None:
    context = browser.new_context(
        base_url=installation.settings.base_url,
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    problems = []
    for path in paths:
        page.goto(path)
        found = Axe().run(page).response["violations"]
        problems += [
            f"{path}: {violation['id']}: {violation['nodes'][0]['html'][:120]}"
            for violation in found
            if violation["impact"] in ("serious", "critical")
        ]
    context.close()
    assert problems == []


def test_no_page_breaks_its_own_policy(browser: Browser, installation: Installation,
                                       paths: list[str]) -> None:  # fmt: skip
    context = browser.new_context(base_url=installation.settings.base_url)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for path in paths:
        page.goto(path)
    context.close()
    assert [text for text in said if "404" not in text and "410" not in text] == []


def test_a_visitor_subscribes_confirms_and_leaves_without_javascript(
    page: Page, installation: Installation
) -> None:
    page.goto("/")
    page.get_by_label("Your e-mail address").fill("ann@example")
    page.get_by_role("button", name="Subscribe").click()
    assert page.get_by_role("alert").is_visible()
    page.get_by_label("Your e-mail address").fill("ann@example.org")
    page.get_by_role("button", name="Subscribe").click()
    assert page.get_by_role("heading", name="Check your inbox").is_visible()
    with installation.db.read() as session:
        ann = session.query(Subscriber).one()
    token = links.confirm_token(installation.signer, ann, clock.now())
    page.goto(f"/confirm/{token}")
    page.get_by_role("button", name="Yes, subscribe me").click()
    page.get_by_label("Every post").check()
    page.get_by_label("Time zone").select_option("Europe/Lisbon")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_role("status").inner_text() == "Your preferences are saved."
    page.get_by_role("link", name="Unsubscribe").click()
    page.get_by_role("button", name="Unsubscribe").click()
    assert page.get_by_role("heading", name="You are unsubscribed").is_visible()


def test_an_issue_shows_its_styles_and_runs_nothing(
    browser: Browser, installation: Installation, paths: list[str]
) -> None:
    context = browser.new_context(base_url=installation.settings.base_url)
    page = context.new_page()
    page.goto("/issues/2026-11-23")
    page.wait_for_load_state("networkidle")
    assert page.title() == "as mailed"
    page.locator("#js").click()
    assert page.title() == "as mailed"
    assert page.evaluate("getComputedStyle(document.querySelector('p')).color") == "rgb(1, 2, 3)"
    assert page.evaluate("document.querySelector('#chart').naturalWidth") == 60
    page.get_by_role("button", name="Send").click()
    assert page.url.endswith("/issues/2026-11-23")
    page.locator("#out").click()
    page.wait_for_url("**/datasets/penguins")
    context.close()
