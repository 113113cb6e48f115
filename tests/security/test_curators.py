"""Row "Curators": argon2id, second factors, throttled tries, an audit log, the last owner."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from newsletter.audit import chain
from newsletter.curators import accounts
from newsletter.installation import Installation
from newsletter.models import Curator
from newsletter.models.audit import AuditEntry
from newsletter.web.admin.audited import READING, UNRECORDED
from newsletter.web.auth import OPEN
from tests.security.admin_routes import Route, admin_routes
from tests.security.test_get_changes_nothing import WRITES
from tests.web.admin.conftest import OWNER, Browser

CANARY = "canary-of-a-secret"
SECRET_FIELDS = ("password", "current", "code", "setup", "credential")
WORDS = {"role": "editor", "date": "2026-11-30", "slug": "penguins", "number": "1.0.1",
         "subject": "Rain", "address": "new@example.org", "required": "no"}  # fmt: skip


def writing(app: Flask) -> Iterator[Route]:
    """Those that end the session last."""
    routes = [
        route
        for route in admin_routes(app)
        if route.method not in READING
        and route.endpoint not in OPEN
        and route.endpoint.rpartition(".")[0] not in UNRECORDED
    ]
    return iter(sorted(routes, key=lambda route: "sign_out" in route.endpoint))


@contextmanager
def committed_writes(installation: Installation) -> Iterator[list[str]]:
    """The statements that change something, of the transactions that are not taken back."""
    engine, done, open_ones = installation.db.engine, list[str](), list[str]()

    def note(*arguments: object) -> None:
        statement = str(arguments[2]).strip().lower()
        if statement.startswith(WRITES):
            open_ones.append(statement)

    def keep(_: object) -> None:
        done.extend(open_ones)
        open_ones.clear()

    def drop(_: object) -> None:
        open_ones.clear()

    listeners = (("before_cursor_execute", note), ("commit", keep), ("rollback", drop))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    yield done
    for name, listener in listeners:
        event.remove(engine, name, listener)


def entries(installation: Installation) -> int:
    with installation.db.read() as session:
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def test_no_route_changes_anything_without_an_entry(
    app: Flask, seeded: Installation, owner: Browser
) -> None:
    changed = set()
    for route in writing(app):
        if owner.get("/admin/").status_code == 302:
            owner.sign_in(OWNER)
        data = {"csrf_token": owner.token("/admin/account/"), **WORDS}
        before = entries(seeded)
        with committed_writes(seeded) as writes:
            answer = owner.client.open(route.path, method=route.method, data=data)
        assert answer.status_code < 500, route
        if writes:
            assert entries(seeded) > before, route
            changed.add(route.endpoint)
        else:
            assert entries(seeded) == before, route
    assert len(changed) >= 12, changed
    with seeded.db.read() as session:
        assert chain.verify(session, seeded.signer).problem == ""


def test_no_secret_that_a_form_carries_gets_into_it(
    app: Flask, seeded: Installation, owner: Browser
) -> None:
    for route in writing(app):
        if owner.get("/admin/").status_code == 302:
            owner.sign_in(OWNER)
        data = {"csrf_token": owner.token("/admin/account/"), **WORDS}
        data |= dict.fromkeys(SECRET_FIELDS, CANARY)
        owner.client.open(route.path, method=route.method, data=data)
    with seeded.db.read() as session:
        for entry in chain.everything(session):
            shown = (entry.who, entry.origin, entry.action, entry.target, entry.changes)
            assert CANARY not in json.dumps(shown)


def test_passwords_are_kept_as_argon2id(installation: Installation, people: None) -> None:
    with installation.db.read() as session:
        hashes = session.scalars(select(Curator.password_hash)).all()
    assert len(hashes) == 2
    assert all(known.startswith("$argon2id$") for known in hashes)


@pytest.mark.parametrize("action", ["remove", "role"])
def test_the_last_owner_stays_one(installation: Installation, owner: Browser, action: str) -> None:
    owner.post(f"/admin/curators/1/{action}", "/admin/curators/", role="author")
    with installation.db.read() as session:
        known = accounts.find(session, OWNER)
        assert known is not None
        assert known.role.value == "owner"
