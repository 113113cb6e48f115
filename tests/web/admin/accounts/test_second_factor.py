"""Setting up a second factor, signing in with it, and what owners require."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
import time_machine
from bs4 import BeautifulSoup

from newsletter import clock
from newsletter.audit import chain
from newsletter.curators import accounts, second_factor
from newsletter.curators.waiting import FREE_TRIES
from newsletter.installation import Installation
from tests.web.admin.conftest import CURATOR, OWNER, PASSWORD, Browser

PAGE = "/admin/account/second-factor/"
CODE = "/admin/login/code"


def set_up(browser: Browser, **more: str) -> tuple[pyotp.TOTP, list[str]]:
    """Scan, type the code of half a minute ago, and read the recovery codes."""
    page = BeautifulSoup(browser.get(PAGE).text, "html.parser")
    key, setup = page.select_one(".key"), page.select_one("input[name=setup]")
    assert key is not None
    assert setup is not None
    app = pyotp.TOTP(key.text.replace(" ", ""))
    code = app.at(clock.now() - timedelta(seconds=30))
    answer = browser.post(PAGE, PAGE, code=code, current=PASSWORD, setup=setup["value"], **more)
    assert answer.status_code == 200, answer.text
    return app, re.findall(r"<code>([a-z0-9-]+)</code>", answer.text)


def code_of(app: pyotp.TOTP) -> str:
    return app.at(clock.now())


@pytest.fixture
def app_of_owner(owner: Browser) -> tuple[pyotp.TOTP, list[str]]:
    return set_up(owner)


def test_the_qr_code_is_drawn_without_a_style(owner: Browser) -> None:
    page = BeautifulSoup(owner.get(PAGE).text, "html.parser")
    drawing = page.select_one("svg.qr")
    assert drawing is not None
    assert "style" not in str(drawing)
    assert drawing["viewbox"]  # without it, it would be cut off and not made smaller


def test_the_password_alone_no_longer_lets_in(
    app_of_owner: tuple[pyotp.TOTP, list[str]], new_browser: Callable[[], Browser]
) -> None:
    app, codes = app_of_owner
    assert len(codes) == second_factor.CODES
    browser = new_browser()
    answer = browser.sign_in(OWNER, next="/admin/tasks/")
    assert answer.location == f"{CODE}?next=/admin/tasks/"
    assert browser.get("/admin/").status_code == 302
    wrong = browser.post(CODE, CODE, code="000000")
    assert wrong.status_code == 422
    assert "not right" in wrong.text
    answer = browser.post(
        CODE, f"{CODE}?next=/admin/tasks/", code=code_of(app), next="/admin/tasks/"
    )
    assert answer.location == "/admin/tasks/"
    assert browser.get("/admin/").status_code == 200
    assert "by password and code" in browser.get("/admin/account/").text


def test_a_recovery_code_lets_in_once(
    app_of_owner: tuple[pyotp.TOTP, list[str]], new_browser: Callable[[], Browser], owner: Browser
) -> None:
    _, codes = app_of_owner
    for status in (302, 422):
        browser = new_browser()
        browser.sign_in(OWNER)
        assert browser.post(CODE, CODE, code=codes[0]).status_code == status
    assert "<strong>9</strong> recovery codes are left" in owner.get(PAGE).text


def test_a_wrong_code_after_the_right_password_is_in_the_audit_log(
    installation: Installation,
    app_of_owner: tuple[pyotp.TOTP, list[str]],
    new_browser: Callable[[], Browser],
) -> None:
    _, codes = app_of_owner
    browser = new_browser()
    browser.sign_in(OWNER)
    browser.post(CODE, CODE, code="000000")
    browser.post(CODE, CODE, code=codes[0])
    with installation.db.read() as session:
        entries = list(chain.everything(session))[-3:]
        assert [entry.action for entry in entries] == ["second_step.ask"] * 3
        wrong, _, _ = (json.loads(entry.changes) for entry in entries)
        assert wrong[0]["now"] == {"failures": 1}
        assert all(codes[0].replace("-", "") not in entry.changes for entry in entries)
    assert "by password and recovery code" in browser.get("/admin/account/").text


def test_nobody_comes_to_the_code_without_the_password(nobody: Browser, people: None) -> None:
    answer = nobody.get(CODE)
    assert answer.location == "/admin/login"
    assert nobody.post(CODE, "/admin/login", code="000000").location == "/admin/login"


def test_a_session_starts_anew_at_the_code(
    app_of_owner: tuple[pyotp.TOTP, list[str]], new_browser: Callable[[], Browser]
) -> None:
    app, _ = app_of_owner
    browser = new_browser()
    planted = browser.token("/admin/login")
    browser.sign_in(OWNER)
    assert browser.send(CODE, csrf_token=planted, code=code_of(app)).status_code == 400
    half = browser.cookie("__Host-session")
    browser.post(CODE, CODE, code=code_of(app))
    thief = new_browser()
    assert half is not None
    thief.client.set_cookie("__Host-session", half, domain="news.example.org", path="/")
    assert thief.get("/admin/").status_code == 302


def test_wrong_codes_have_to_wait_for_each_browser_together(
    app_of_owner: tuple[pyotp.TOTP, list[str]], new_browser: Callable[[], Browser]
) -> None:
    app, _ = app_of_owner
    for _ in range(FREE_TRIES):
        browser = new_browser()
        browser.sign_in(OWNER)
        browser.post(CODE, CODE, code="000000")
    assert browser.post(CODE, CODE, code=code_of(app)).status_code == 422
    with time_machine.travel(clock.now() + timedelta(minutes=9), tick=False):
        assert browser.post(CODE, CODE, code=code_of(app)).status_code == 302


def test_a_stranger_without_the_password_delays_no_code(
    app_of_owner: tuple[pyotp.TOTP, list[str]], new_browser: Callable[[], Browser]
) -> None:
    app, _ = app_of_owner
    browser = new_browser()
    browser.sign_in(OWNER)
    for _ in range(FREE_TRIES + 3):
        new_browser().sign_in(OWNER, "a wrong password")
    assert browser.post(CODE, CODE, code=code_of(app)).status_code == 302


def test_a_reset_of_the_password_still_asks_for_the_code(
    installation: Installation,
    app_of_owner: tuple[pyotp.TOTP, list[str]],
    new_browser: Callable[[], Browser],
) -> None:
    with installation.db.write() as session:
        owner = accounts.find(session, OWNER)
        assert owner is not None
        accounts.set_password(owner, "an entirely new password")
    browser = new_browser()
    assert browser.sign_in(OWNER, "an entirely new password").location == CODE


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"current": "not the password"}, "not your current password"),
        ({"current": ""}, "Type your current password"),
        ({"code": "000000"}, "not right"),
        ({"code": ""}, "Type the code"),
    ],
)
def test_what_is_wrong_sets_nothing_up_and_keeps_the_qr_code(
    owner: Browser, fields: dict[str, str], sentence: str
) -> None:
    page = BeautifulSoup(owner.get(PAGE).text, "html.parser")
    setup = page.select_one("input[name=setup]")
    assert setup is not None
    sent = {"current": PASSWORD, "code": "000000", "setup": str(setup["value"])} | fields
    answer = owner.post(PAGE, PAGE, **sent)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert str(setup["value"]) in answer.text


def test_a_setup_of_somebody_elses_is_not_taken(owner: Browser, curator: Browser) -> None:
    page = BeautifulSoup(curator.get(PAGE).text, "html.parser")
    key, setup = page.select_one(".key"), page.select_one("input[name=setup]")
    assert key is not None
    assert setup is not None
    code = pyotp.TOTP(key.text.replace(" ", "")).at(clock.now())
    answer = owner.post(PAGE, PAGE, current=PASSWORD, code=code, setup=str(setup["value"]))
    assert answer.status_code == 422


@pytest.mark.parametrize("action", ["off", "recovery-codes"])
def test_what_is_set_up_is_changed_with_the_password_alone(
    owner: Browser, app_of_owner: tuple[pyotp.TOTP, list[str]], action: str
) -> None:
    answer = owner.post(f"{PAGE}{action}", PAGE, current="not the password")
    assert answer.location == PAGE
    assert "not your current password" in owner.get(PAGE).text
    answer = owner.post(f"{PAGE}{action}", PAGE, current=PASSWORD)
    if action == "off":
        assert owner.get(PAGE).text.count('class="qr"') == 1
    else:
        assert len(re.findall(r"<code>([a-z0-9-]+)</code>", answer.text)) == second_factor.CODES


def test_owners_require_it_once_they_have_it_and_nobody_goes_around_it(
    owner: Browser, curator: Browser
) -> None:
    owner.post("/admin/curators/second-factor", "/admin/curators/", required="yes")
    assert "Set up your own second factor first" in owner.get("/admin/curators/").text
    assert curator.get("/admin/").status_code == 200
    set_up(owner)
    owner.post("/admin/curators/second-factor", "/admin/curators/", required="yes")
    for path in ("/admin/", "/admin/datasets/", "/admin/account/"):
        assert curator.get(path).location == PAGE
    answer = curator.post("/admin/account/password", PAGE, current=PASSWORD, password="x" * 20)
    assert answer.location == PAGE
    set_up(curator)
    assert curator.get("/admin/").status_code == 200
    owner.post("/admin/curators/second-factor", "/admin/curators/", required="no")


def test_an_owner_switches_it_off_for_who_lost_it(
    owner: Browser, curator: Browser, new_browser: Callable[[], Browser]
) -> None:
    set_up(curator)
    assert new_browser().sign_in(CURATOR).location == CODE
    assert "second factor: app" in owner.get("/admin/curators/").text
    owner.post("/admin/curators/2/second-factor-off", "/admin/curators/")
    assert new_browser().sign_in(CURATOR).location == "/admin/"


def test_a_browser_found_open_switches_nothing_off_without_the_password(
    owner: Browser, app_of_owner: tuple[pyotp.TOTP, list[str]], new_browser: Callable[[], Browser]
) -> None:
    answer = owner.post("/admin/curators/1/second-factor-off", "/admin/curators/")
    assert "on the page of your account" in owner.get(answer.location).text
    assert new_browser().sign_in(OWNER).location == CODE
