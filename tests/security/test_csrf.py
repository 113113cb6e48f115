"""Row "CSRF": a form acts for the session that it was made for, and for no other."""

from collections.abc import Callable

from flask import Flask

from newsletter import clock
from newsletter.curators import (
    accounts,
    logins,
)
from newsletter.installation import Installation
from tests.conftest import BASE_URL
from tests.security.admin_routes import admin_routes
from tests.security.test_get_changes_nothing import WRITES, statements
from tests.web.admin.conftest import OWNER, Browser


def test_no_form_is_taken_without_a_token(app: Flask, seeded: Installation, owner: Browser) -> None:
    acting = [route for route in admin_routes(app) if route.method != "GET"]
    assert {route.method for route in acting} == {"POST", "PATCH", "DELETE"}
    assert len(acting) > 15
    with statements(seeded) as seen:
        for route in acting:
            answer = owner.client.open(route.path, method=route.method, base_url=BASE_URL)
            assert answer.status_code == 400, route
    assert [statement for statement in seen if statement.startswith(WRITES)] == []


def test_the_token_of_another_curator_is_refused(owner: Browser, curator: Browser) -> None:
    stolen = curator.token()
    answer = owner.send("/admin/account/sign-out-everywhere", csrf_token=stolen)
    assert answer.status_code == 400
    assert owner.get("/admin/").status_code == 200


def test_the_token_of_another_session_of_the_same_curator_is_refused(
    owner: Browser, new_browser: Callable[[], Browser]
) -> None:
    other = new_browser()
    other.sign_in(OWNER)
    assert owner.send("/admin/logout", csrf_token=other.token()).status_code == 400
    assert owner.get("/admin/").status_code == 200


def test_the_token_from_before_the_login_is_refused_after_it(nobody: Browser, people: None) -> None:
    before = nobody.token("/admin/login")
    nobody.sign_in(OWNER)
    assert nobody.send("/admin/logout", csrf_token=before).status_code == 400


def test_a_stale_form_says_what_to_do(owner: Browser) -> None:
    answer = owner.send("/admin/logout", csrf_token="x")
    assert "That form is stale" in answer.text
    assert "Open its page anew" in answer.text


def test_a_stale_form_shows_what_it_held_but_no_secret(owner: Browser) -> None:
    answer = owner.send("/admin/curators/", address="<b>@example.org", password="hidden one")
    assert answer.status_code == 400
    assert "<dd>&lt;b&gt;@example.org</dd>" in answer.text
    assert "Copy what you need" in answer.text
    assert "hidden one" not in answer.text


def test_looking_at_any_page_of_the_admin_changes_nothing(
    app: Flask, seeded: Installation, owner: Browser
) -> None:
    with statements(seeded) as seen:
        for route in admin_routes(app):
            if route.method == "GET":
                for method in ("GET", "HEAD"):
                    owner.client.open(route.path, method=method)
    assert [statement for statement in seen if statement.startswith(WRITES)] == []
    assert len(seen) > 50


def test_opening_the_link_to_set_a_password_leaves_it_good(
    installation: Installation, nobody: Browser, people: None
) -> None:
    with installation.db.read() as session:
        someone = accounts.find(session, OWNER)
        assert someone is not None
        token = logins.reset_token(installation.signer, someone, clock.now())
    for _ in range(3):
        assert nobody.get(f"/admin/password/{token}").status_code == 200
