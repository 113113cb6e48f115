"""The way into the admin and out of it."""

import html
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from markupsafe import escape

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.curators import logins
from newsletter.installation import Installation
from newsletter.web.auth import STALE
from tests.web.admin.conftest import CURATOR, OWNER, PASSWORD, TOKEN, Browser
from tests.web.conftest import mailed_link

HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def test_it_opens_the_overview_to_whoever_signs_in(nobody: Browser, people: None) -> None:
    response = nobody.sign_in(OWNER)
    assert (response.status_code, response.location) == (302, "/admin/")
    assert "Overview" in nobody.get("/admin/").text


def test_it_comes_back_to_the_page_that_was_asked_for(nobody: Browser, people: None) -> None:
    asked = nobody.get("/admin/subscribers/?q=ann")
    assert asked.location == "/admin/login?next=/admin/subscribers/?q%3Dann"
    assert nobody.sign_in(OWNER, next="/admin/subscribers/?q=ann").location == (
        "/admin/subscribers/?q=ann"
    )


def test_it_keeps_the_address_that_was_typed_with_a_wrong_password(
    nobody: Browser, people: None
) -> None:
    response = nobody.sign_in(OWNER, "not the password")
    assert response.status_code == 422
    assert f'value="{OWNER}"' in response.text
    assert "not the password" not in response.text


def test_signing_out_ends_the_session_for_whoever_kept_the_cookie(owner: Browser) -> None:
    kept = owner.cookie("__Host-session")
    assert kept is not None
    owner.post("/admin/logout")
    owner.client.set_cookie("__Host-session", kept, domain="news.example.org", path="/")
    assert owner.get("/admin/").status_code == 302


def test_a_mailed_link_sets_a_password_once(
    installation: Installation, nobody: Browser, people: None
) -> None:
    nobody.post("/admin/forgotten", "/admin/forgotten", address=CURATOR.upper())
    address, path = mailed_link(installation)
    assert address == CURATOR
    answer = nobody.post(path, path, password="a wholly new password")
    assert answer.location == "/admin/login"
    assert nobody.get(path).status_code == 404
    assert nobody.sign_in(CURATOR, "a wholly new password").status_code == 302


def test_a_link_is_no_good_after_an_hour(
    installation: Installation, nobody: Browser, people: None
) -> None:
    nobody.post("/admin/forgotten", "/admin/forgotten", address=CURATOR)
    _, path = mailed_link(installation)
    with time_machine.travel(clock.now() + logins.RESET_FOR + timedelta(seconds=2)):
        assert nobody.get(path).status_code == 410


def test_a_password_that_is_too_short_is_refused_beside_its_field(
    installation: Installation, nobody: Browser, people: None
) -> None:
    nobody.post("/admin/forgotten", "/admin/forgotten", address=CURATOR)
    _, path = mailed_link(installation)
    answer = nobody.post(path, path, password="short")
    assert answer.status_code == 422
    assert 'id="password-problem">Choose a password of at least 12' in answer.text
    assert nobody.sign_in(CURATOR).status_code == 302


def test_many_tries_from_one_place_are_told_to_wait(nobody: Browser, people: None) -> None:
    answers = [nobody.sign_in(f"{n}@example.org", "wrong").status_code for n in range(11)]
    assert answers == [422] * 10 + [429]


@pytest.mark.parametrize("page", ["/admin/", "/admin/login"])
def test_its_pages_are_kept_by_no_cache_and_found_by_no_search(owner: Browser, page: str) -> None:
    headers = owner.get(page).headers
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]


def test_changing_the_password_goes_on_here_and_ends_the_other_sessions(
    owner: Browser, new_browser: Callable[[], Browser]
) -> None:
    elsewhere = new_browser()
    elsewhere.sign_in(OWNER)
    answer = owner.post(
        "/admin/account/password",
        "/admin/account/",
        current=PASSWORD,
        password="another long password",
    )
    assert answer.location == "/admin/account/"
    assert owner.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302


def test_the_current_password_is_asked_for(owner: Browser) -> None:
    answer = owner.post(
        "/admin/account/password", "/admin/account/", current="no", password="another long one"
    )
    assert answer.status_code == 422
    assert re.search(r'id="current-problem">This is not your current', answer.text)


def test_what_was_typed_outlives_the_session(installation: Installation, curator: Browser) -> None:
    path, text = "/admin/datasets/new", 'Depth & "length"\nof <bills>'
    typed = {"title": "Seals", "description": text, "csrf_token": curator.token(path)}
    with time_machine.travel(clock.now() + logins.IDLE + timedelta(seconds=1), tick=False):
        kept = curator.send(path, **typed, password="secret", file=(io.BytesIO(b"a"), "a.csv"))
        assert kept.status_code == 403
        assert "What you typed is kept on this page." in kept.text
        assert "choose them again." in kept.text
        assert "secret" not in kept.text
        assert TOKEN.search(kept.text) is None
        fields = {name: html.unescape(value) for name, value in HIDDEN.findall(kept.text)}
        assert fields == {"title": "Seals", "description": text}

        curator.sign_in(CURATOR)
        again = curator.send(path, **fields)
        assert again.status_code == 400
        assert STALE in again.text
        assert 'value="Seals"' in again.text
        assert str(escape(text)) in again.text.replace("\r\n", "\n")
        with installation.db.read() as session:
            assert datasets.find(session, "seals") is None
        assert curator.post(path, path, **fields).status_code == 422  # looked at: it has no data


def test_a_button_of_an_ended_session_leads_to_the_way_in(curator: Browser) -> None:
    token = curator.token()
    with time_machine.travel(clock.now() + logins.IDLE + timedelta(seconds=1), tick=False):
        answer = curator.send("/admin/logout", csrf_token=token)
    assert (answer.status_code, answer.location) == (302, "/admin/login")


def test_nothing_is_kept_for_who_was_never_signed_in(nobody: Browser, people: None) -> None:
    answer = nobody.send("/admin/datasets/new", title="Seals")
    assert answer.status_code == 302
    assert answer.location == "/admin/login"


def test_no_identity_provider_is_offered_where_none_is_set(nobody: Browser) -> None:
    assert "/admin/login/provider" not in nobody.get("/admin/login").text
    assert nobody.get("/admin/login/provider").location == "/admin/login"
    assert "No identity provider is set up here." in nobody.get("/admin/login").text
    assert nobody.get("/admin/login/provider/back").location == "/admin/login"
