"""Row "sessions": a new id at login, an end that is an end, and two expiries."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from newsletter import clock
from newsletter.curators import logins
from newsletter.installation import Installation
from tests.conftest import BASE_URL
from tests.web.admin.conftest import CURATOR, OWNER, PASSWORD, Browser

COOKIE = "__Host-session"


def test_signing_in_starts_a_new_session(nobody: Browser, people: None) -> None:
    nobody.get("/admin/login")
    planted = nobody.cookie(COOKIE)
    nobody.sign_in(OWNER)
    assert nobody.cookie(COOKIE) != planted


def test_a_cookie_planted_before_the_login_is_not_signed_in_by_it(
    nobody: Browser, people: None, new_browser: Callable[[], Browser]
) -> None:
    attacker = new_browser()
    attacker.get("/admin/login")
    planted = attacker.cookie(COOKIE)
    assert planted is not None
    nobody.client.set_cookie(COOKIE, planted, domain="news.example.org", path="/")
    nobody.sign_in(OWNER)
    assert attacker.get("/admin/").status_code == 302


def test_signing_in_twice_makes_two_sessions(
    owner: Browser, new_browser: Callable[[], Browser]
) -> None:
    second = new_browser()
    second.sign_in(OWNER)
    second.post("/admin/logout")
    assert owner.get("/admin/").status_code == 200
    assert second.get("/admin/").status_code == 302


def test_signing_out_everywhere_ends_every_session_of_that_curator_alone(
    owner: Browser, curator: Browser, new_browser: Callable[[], Browser]
) -> None:
    elsewhere = new_browser()
    elsewhere.sign_in(OWNER)
    elsewhere.post("/admin/account/sign-out-everywhere")
    assert owner.get("/admin/").status_code == 302
    assert elsewhere.get("/admin/").status_code == 302
    assert curator.get("/admin/").status_code == 200


def test_one_session_is_ended_and_only_by_whose_it_is(
    installation: Installation, owner: Browser, curator: Browser, new_browser: Callable[[], Browser]
) -> None:
    elsewhere = new_browser()
    elsewhere.sign_in(OWNER)
    with installation.db.read() as session:
        theirs = [s.id for s in logins.sessions_of(session, 1, clock.now())]
    assert len(theirs) == 2
    for number in theirs:
        path = f"/admin/account/sessions/{number}/end"
        assert curator.post(path, "/admin/account/").status_code == 404
    assert elsewhere.get("/admin/").status_code == 200
    owner.post(f"/admin/account/sessions/{max(theirs)}/end", "/admin/account/")
    assert elsewhere.get("/admin/").status_code == 302
    assert owner.get("/admin/").status_code == 200


def test_a_session_is_known_by_its_browser_and_address(people: None, nobody: Browser) -> None:
    agent = "Mozilla/5.0 (Windows NT 10.0; rv:143.0) Gecko/20100101 Firefox/143.0 <b>mine</b>"
    start = clock.now()
    nobody.client.environ_base["HTTP_USER_AGENT"] = agent
    with time_machine.travel(start, tick=False) as clock_hand:
        nobody.sign_in(CURATOR)
        page = nobody.get("/admin/account/").text
        assert "Firefox on Windows" in page
        assert "127.0.0.1" in page
        assert "<b>mine</b>" not in page
        clock_hand.move_to(start + logins.SEEN_EVERY + timedelta(seconds=1))
        nobody.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
        nobody.get("/admin/")
        assert "203.0.113.9" in nobody.get("/admin/account/").text


def test_an_owner_signs_a_curator_out_everywhere(owner: Browser, curator: Browser) -> None:
    assert curator.get("/admin/").status_code == 200
    owner.post("/admin/curators/2/sign-out", "/admin/curators/")
    assert curator.get("/admin/").status_code == 302
    assert owner.get("/admin/").status_code == 200


def test_a_password_change_ends_the_others_and_renews_this_one(
    owner: Browser, new_browser: Callable[[], Browser]
) -> None:
    thief, stolen = new_browser(), owner.cookie(COOKIE)
    assert stolen is not None
    thief.client.set_cookie(COOKIE, stolen, domain="news.example.org", path="/")
    assert thief.get("/admin/").status_code == 200
    owner.post(
        "/admin/account/password", "/admin/account/", current=PASSWORD, password="another long one"
    )
    assert owner.get("/admin/").status_code == 200
    assert thief.get("/admin/").status_code == 302


@pytest.mark.parametrize("days", [14])
def test_a_session_that_is_used_every_hour_still_ends(
    people: None, nobody: Browser, days: int
) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False) as clock_hand:
        nobody.sign_in(CURATOR)
        for hour in range(0, days * 24, 11):
            clock_hand.move_to(start + timedelta(hours=hour))
            assert nobody.get("/admin/").status_code == 200
        clock_hand.move_to(start + logins.ABSOLUTE + timedelta(seconds=1))
        assert nobody.get("/admin/").status_code == 302


def test_a_session_ends_after_twelve_idle_hours(people: None, nobody: Browser) -> None:
    start = clock.now()
    with time_machine.travel(start, tick=False) as clock_hand:
        nobody.sign_in(CURATOR)
        clock_hand.move_to(start + logins.IDLE + timedelta(seconds=1))
        assert nobody.get("/admin/").status_code == 302


def test_a_removed_curator_is_out_at_once(owner: Browser, curator: Browser) -> None:
    owner.post("/admin/curators/2/remove", "/admin/curators/")
    assert curator.get("/admin/").status_code == 302


def test_the_cookie_cannot_be_read_by_scripts_or_sent_from_other_sites(
    nobody: Browser, people: None
) -> None:
    answer = nobody.sign_in(OWNER)
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


def test_a_cookie_of_ours_with_another_key_is_refused(owner: Browser) -> None:
    cookie = owner.cookie(COOKIE)
    assert cookie is not None
    forged = cookie[:-5] + ("A" if cookie[-5] != "A" else "B") + cookie[-4:]
    owner.client.set_cookie(COOKIE, forged, domain=BASE_URL.partition("//")[2], path="/")
    assert owner.get("/admin/").status_code == 302
