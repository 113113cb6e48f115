"""Row "access control": every route of the admin for nobody, a curator and an owner."""

from flask import Flask

from newsletter.installation import Installation
from newsletter.web.auth import OPEN
from tests.security.admin_routes import admin_routes
from tests.security.test_get_changes_nothing import WRITES, statements
from tests.web.admin.conftest import Browser

# What is there for whoever was mailed its token, or asked for its file.
FOR_ONE_PERSON = frozenset({"admin.login.reset", "admin.subscribers.download"})
OF_OWNERS = ("admin.curators.", "admin.audit.")


def test_nobody_gets_past_the_login(app: Flask, seeded: Installation, nobody: Browser) -> None:
    closed = [route for route in admin_routes(app) if route.endpoint not in OPEN]
    assert len(closed) > 25
    with statements(seeded) as seen:
        for route in closed:
            answer = nobody.client.open(route.path, method=route.method)
            assert answer.status_code == 302, route
            assert answer.location.startswith("/admin/login"), route
            assert "archipelago" not in answer.text
    assert [statement for statement in seen if statement.startswith(WRITES)] == []


def test_what_is_open_to_nobody_is_what_leads_in(app: Flask) -> None:
    assert {route.endpoint for route in admin_routes(app)} >= OPEN
    assert {endpoint.split(".")[1] for endpoint in OPEN} == {"login"}


def test_only_owners_decide_who_is_a_curator(
    app: Flask, seeded: Installation, curator: Browser, owner: Browser
) -> None:
    of_owners = [r for r in admin_routes(app) if r.endpoint.startswith(OF_OWNERS)]
    assert len(of_owners) >= 5
    token = curator.token("/admin/account/")
    with statements(seeded) as seen:
        for route in of_owners:
            data = {"csrf_token": token} if route.method == "POST" else None
            answer = curator.client.open(route.path, method=route.method, data=data)
            assert answer.status_code == 403, route
    assert [statement for statement in seen if statement.startswith(WRITES)] == []
    assert owner.get("/admin/curators/").status_code == 200


def test_a_curator_may_look_at_all_the_rest(
    app: Flask, seeded: Installation, curator: Browser
) -> None:
    for route in admin_routes(app):
        if route.method == "GET" and not route.endpoint.startswith(OF_OWNERS):
            answer = curator.get(route.path)
            expected = (404,) if route.endpoint in FOR_ONE_PERSON else (200, 302)
            assert answer.status_code in expected, route


def test_the_menu_offers_a_curator_nothing_that_is_refused(curator: Browser) -> None:
    assert "/admin/curators/" not in curator.get("/admin/").text
