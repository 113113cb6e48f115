"""A passkey in a real browser, with Chromium's virtual authenticator."""

from collections.abc import Iterator

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from newsletter import clock
from newsletter.curators import accounts
from newsletter.installation import Installation
from newsletter.models.curator import Role

pytestmark = pytest.mark.browser

ADDRESS, PASSWORD = "eve@example.org", "a long pass phrase for the test"
FACTORS = "/admin/account/second-factor/"


@pytest.fixture
def host() -> str:
    """No browser makes a passkey for an IP address."""
    return "localhost"


@pytest.fixture
def page(browser: Browser, installation: Installation) -> Iterator[Page]:
    """A browser with a device that verifies its owner by itself, signed in by the password."""
    with installation.db.write() as session:
        accounts.add_curator(session, ADDRESS, Role.OWNER, PASSWORD, clock.now())
    context = browser.new_context(base_url=installation.settings.base_url)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.goto("/admin/login")
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    yield page
    context.close()
    assert [c for c in complaints if "Security Policy" in c or "Error:" in c] == []


def add_passkey(page: Page) -> None:
    page.goto(FACTORS)
    page.get_by_label("Name of the passkey").fill("Laptop")
    page.locator("#current-key").fill(PASSWORD)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey is added")).to_be_visible()


def sign_in_by_passkey(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


def test_a_passkey_is_made_signs_in_and_is_removed(page: Page) -> None:
    add_passkey(page)
    assert Axe().run(page).violations_count == 0
    sign_in_by_passkey(page)
    page.goto("/admin/account/")
    expect(page.get_by_text("by passkey")).to_be_visible()
    page.goto(FACTORS)
    page.get_by_text("Remove", exact=True).click()
    page.get_by_placeholder("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("The passkey is removed")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    assert Axe().run(page).violations_count == 0
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("This passkey is not known here")).to_be_visible()


def test_with_a_passkey_no_code_is_asked_for_and_a_password_alone_does_not_do(page: Page) -> None:
    page.goto(FACTORS)
    page.get_by_text("It cannot be scanned").click()
    app = pyotp.TOTP(page.locator(".key").inner_text().replace(" ", ""))
    assert Axe().run(page).violations_count == 0
    page.get_by_label("Code that the app shows").fill(app.now())
    page.locator("#current").fill(PASSWORD)
    page.get_by_role("button", name="Switch codes on").click()
    expect(page.locator(".codes li")).to_have_count(10)
    assert Axe().run(page).violations_count == 0
    add_passkey(page)
    sign_in_by_passkey(page)
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Code")).to_be_visible()
    assert Axe().run(page).violations_count == 0


def test_a_passkey_that_is_not_made_says_so_and_adds_nothing(page: Page) -> None:
    add_passkey(page)
    page.get_by_label("Name of the passkey").fill("Once more")
    page.locator("#current-key").fill(PASSWORD)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("has a passkey for this account already")).to_be_visible()
