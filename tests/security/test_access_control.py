"""Row "access control": every role on every route of the admin, generated from one table."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.curators import accounts
from newsletter.curators.permissions import MAY, Permission
from newsletter.installation import Installation
from newsletter.models.curator import Role
from newsletter.models.dataset import VersionState
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.models.post import PostState
from newsletter.web.auth import OPEN, needs, permission_of
from tests import factories
from tests.factories import MONDAY
from tests.security.admin_routes import admin_routes
from tests.security.test_get_changes_nothing import WRITES, statements
from tests.web.admin.conftest import PASSWORD, Browser

# What is there for whoever was mailed its token, or asked for its file.
FOR_ONE_PERSON = frozenset({"admin.login.reset", "admin.subscribers.download"})
# What is drawn of more rows than the seeded penguins are.
OF_MORE_ROWS = frozenset({"admin.chart_choice.picture"})
# What must not slip to a lesser permission, whatever the routes name.
TAKES = {
    "admin.sending.send": Permission.SEND,
    "admin.sending.pause": Permission.SEND,
    "admin.sending.resume": Permission.SEND,
    "admin.sending.retry": Permission.SEND,
    "admin.issues.plan": Permission.SEND,
    "admin.issues.plan_post": Permission.SEND,
    "admin.sending.cancel": Permission.SEND,
    "admin.datasets.publish": Permission.PUBLISH,
    "admin.versions.correct": Permission.PUBLISH,
    "admin.posts.publish": Permission.PUBLISH,
    "admin.posts.withdraw": Permission.PUBLISH,
    "admin.subscribers.": Permission.SUBSCRIBERS,
    "admin.submissions.": Permission.ANSWER,
    "admin.curators.": Permission.CURATORS,
    "admin.audit.": Permission.AUDIT,
}
DRAFTS = {"slug": "drafted", "post": "drafted-post", "day": "2026-11-30"}
# Where a view takes more than its route does, of what the examples are: published, and sent.
TAKES_MORE = {
    ("admin.dataset_form.edit", Role.AUTHOR),
}


def of(role: Role) -> str:
    return f"{role.value}@example.org"


@pytest.fixture
def everybody(app: Flask, seeded: Installation) -> dict[Role, Browser]:
    """A browser of each role, signed in, where there is something to publish and to send, too."""
    with seeded.db.write() as session:
        version = factories.dataset(session, seeded.storage, "drafted", state=VersionState.DRAFT)
        factories.post(session, version, "drafted-post", PostState.DRAFT)
        published = datasets.published(session, "penguins")
        day = MONDAY + timedelta(days=7)
        factories.issue(session, published, day, IssueState.PLANNED)
    browsers = {}
    for role in Role:
        with seeded.db.write() as session:
            accounts.add_curator(session, of(role), role, PASSWORD, clock.now())
        browsers[role] = Browser(app.test_client())
        assert browsers[role].sign_in(of(role)).status_code == 302
    return browsers


@contextmanager
def views_that_do_nothing(app: Flask) -> Iterator[None]:
    """Each view of the admin answers 204, so that what is let through does no harm."""
    views = dict(app.view_functions)
    for endpoint in {route.endpoint for route in admin_routes(app)}:

        def nothing(**_: object) -> tuple[str, int]:
            return "", 204

        with app.app_context():
            app.view_functions[endpoint] = needs(permission_of(endpoint))(nothing)  # type: ignore[arg-type]
    try:
        yield
    finally:
        app.view_functions.update(views)


def test_every_route_names_its_permission_but_those_that_lead_in(app: Flask) -> None:
    with app.app_context():
        nameless = {r.endpoint for r in admin_routes(app) if permission_of(r.endpoint) is None}
    assert nameless == OPEN
    assert {endpoint.split(".")[1] for endpoint in OPEN} == {
        "login",
        "passkey_login",
        "provider_login",
        "second_step",
    }


def test_every_permission_is_needed_somewhere_and_an_owner_has_all(app: Flask) -> None:
    with app.app_context():
        named = {permission_of(route.endpoint) for route in admin_routes(app)}
    assert named - {None} == set(Permission) == MAY[Role.OWNER]
    assert set(MAY) == set(Role)


def test_what_matters_most_takes_its_own_permission(app: Flask) -> None:
    routes = list(admin_routes(app))
    with app.app_context():
        for name, permission in TAKES.items():
            named = {permission_of(r.endpoint) for r in routes if r.endpoint.startswith(name)}
            assert named == {permission}, name
        lenient = {r.endpoint for r in routes if r.method not in ("GET", "HEAD", "OPTIONS")
                   and permission_of(r.endpoint) is Permission.LOOK}  # fmt: skip
    assert lenient == set()


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


def test_each_role_gets_what_the_table_gives_it_and_no_more(
    app: Flask, everybody: dict[Role, Browser]
) -> None:
    tokens = {role: browser.token("/admin/account/") for role, browser in everybody.items()}
    tried = 0
    with views_that_do_nothing(app):
        for role, browser in everybody.items():
            for route in admin_routes(app):
                if route.endpoint in OPEN:
                    continue
                with app.app_context():
                    permission = permission_of(route.endpoint)
                header = {"X-CSRFToken": tokens[role], "Tus-Resumable": "1.0.0"}
                answer = browser.client.open(route.path, method=route.method, headers=header)
                assert answer.status_code == (204 if permission in MAY[role] else 403), (
                    role,
                    route,
                )
                tried += 1
    assert tried > 4 * 70


def test_who_is_refused_changes_nothing(
    app: Flask, seeded: Installation, everybody: dict[Role, Browser]
) -> None:
    browser = everybody[Role.AUTHOR]
    token = browser.token("/admin/account/")
    with app.app_context():
        refused = [
            route
            for route in admin_routes(app)
            if route.endpoint not in OPEN and permission_of(route.endpoint) not in MAY[Role.AUTHOR]
        ]
    with statements(seeded) as seen:
        for route in refused:
            data = {"csrf_token": token} if route.method == "POST" else None
            answer = browser.client.open(route.path, method=route.method, data=data)
            assert answer.status_code == 403, route
            assert "Ask an owner" in answer.text
    assert [statement for statement in seen if statement.startswith(WRITES)] == []


@pytest.mark.parametrize("role", Role)
def test_what_a_role_may_look_at_is_there(
    app: Flask, everybody: dict[Role, Browser], role: Role
) -> None:
    for route in admin_routes(app):
        with app.app_context():
            permission = permission_of(route.endpoint)
        if route.method == "GET" and (permission in MAY[role] or route.endpoint in OPEN):
            answer = everybody[role].get(route.path)
            expected = (404,) if route.endpoint in FOR_ONE_PERSON | OF_MORE_ROWS else (200, 302)
            if (route.endpoint, role) in TAKES_MORE:
                expected = (403,)
            assert answer.status_code in expected, route


@pytest.mark.parametrize("role", Role)
def test_no_page_offers_what_is_refused(
    app: Flask, everybody: dict[Role, Browser], role: Role
) -> None:
    """Each link and each form of each page that a role sees leads where it may go."""
    urls, offered = app.url_map.bind("news.example.org"), set()
    for route in (*admin_routes(app), *admin_routes(app, DRAFTS)):
        if route.method != "GET":
            continue
        page = everybody[role].get(route.path)
        if page.mimetype != "text/html" or page.status_code != 200:
            continue
        for path, method in ways_on(page.text, route.path):
            endpoint, _ = urls.match(path, method)
            with app.app_context():
                permission = permission_of(endpoint)
            assert endpoint in OPEN or permission in MAY[role], (route.path, path)
            if not any(name in path for name in DRAFTS.values()):
                assert (endpoint, role) not in TAKES_MORE, (route.path, path)
            offered.add(endpoint)
    assert len(offered) > 15


@pytest.mark.parametrize("mail", ["now", "day", "nonsense"])
def test_an_editor_corrects_but_mails_nobody(
    everybody: dict[Role, Browser], seeded: Installation, mail: str
) -> None:
    with seeded.db.write() as session:
        factories.newer(session, seeded.storage, "penguins", "2.0.0", "species\nAdelie\n")
    page = "/admin/datasets/penguins/correct"
    assert 'value="now"' not in everybody[Role.EDITOR].get(page).text
    assert 'value="now"' in everybody[Role.SENDER].get(page).text
    note = "A beak was measured twice."
    answer = everybody[Role.EDITOR].post(page, page, note=note, mail=mail, day="2026-12-02")
    assert answer.status_code == 403
    with seeded.db.read() as session:
        assert session.scalars(select(Issue).where(Issue.kind == Kind.CORRECTION)).all() == []


def ways_on(page: str, path: str) -> Iterator[tuple[str, str]]:
    """Where the links, frames and forms of a page lead within the admin, and by which method."""
    soup = BeautifulSoup(page, "html.parser")
    for tag in soup.select("a[href], iframe[src], form"):
        way = str(tag.get("href") or tag.get("src") or tag.get("action") or path)
        method = str(tag.get("method", "get")).upper()
        if way.startswith("/admin/"):
            yield way.partition("?")[0].partition("#")[0], method
