"""The audit log in the admin: what requests leave in it, and its page."""

import csv
import json
from typing import Any

from newsletter import clock
from newsletter.audit import chain
from newsletter.curators import accounts, logins
from newsletter.installation import Installation
from newsletter.models.audit import AuditEntry
from tests.web.admin.conftest import CURATOR, OWNER, PASSWORD, Browser


def entries(installation: Installation) -> list[AuditEntry]:
    with installation.db.read() as session:
        assert chain.verify(session, installation.signer).problem == ""
        return list(chain.everything(session))


def deeds(installation: Installation) -> list[tuple[str, str]]:
    return [(entry.who, entry.action) for entry in entries(installation)]


def number_of(installation: Installation, address: str) -> int:
    with installation.db.read() as session:
        curator = accounts.find(session, address)
        assert curator is not None
        return curator.id


def test_signing_in_and_out_is_recorded(installation: Installation, owner: Browser) -> None:
    owner.post("/admin/logout")
    assert deeds(installation) == [(OWNER, "login.sign_in"), (OWNER, "login.sign_out")]


def test_a_wrong_password_leaves_no_entry_but_its_count_in_the_next(
    installation: Installation, people: None, nobody: Browser
) -> None:
    nobody.sign_in(OWNER, "a wrong password")
    assert entries(installation) == []
    nobody.sign_in(OWNER)
    (entry,) = entries(installation)
    assert json.loads(entry.changes)[0]["was"] == {"failed_logins": 2}  # with the right one's try


def test_a_change_says_who_what_before_after_and_from_where(
    installation: Installation, owner: Browser
) -> None:
    number = number_of(installation, CURATOR)
    owner.post(f"/admin/curators/{number}/role", "/admin/curators/", role="owner")
    entry = entries(installation)[-1]
    assert (entry.who, entry.action, entry.target) == (OWNER, "curators.change_role", str(number))
    assert entry.origin == "127.0.0.1"
    (change,) = json.loads(entry.changes)
    assert change["which"] == CURATOR
    assert change["now"] == {"role": "owner"}


def test_what_is_refused_leaves_no_entry(installation: Installation, owner: Browser) -> None:
    before = deeds(installation)
    number = number_of(installation, OWNER)
    owner.post(f"/admin/curators/{number}/remove", "/admin/curators/")
    owner.send(f"/admin/curators/{number}/remove")  # without a token
    assert deeds(installation) == before


def test_a_password_that_is_set_by_a_link_is_its_owners_deed(
    installation: Installation, people: None, nobody: Browser
) -> None:
    with installation.db.read() as session:
        curator = accounts.find(session, CURATOR)
        assert curator is not None
        token = logins.reset_token(installation.signer, curator, clock.now())
    path = f"/admin/password/{token}"
    nobody.post(path, path, password="another long password")
    (entry,) = entries(installation)
    assert (entry.who, entry.action, entry.target) == (CURATOR, "login.reset", "")
    assert token not in f"{entry.changes}{entry.target}"
    assert "another long password" not in entry.changes


def test_no_secret_that_a_form_carries_is_in_it(installation: Installation, owner: Browser) -> None:
    new = "an entirely new password"
    owner.post("/admin/account/password", "/admin/account/", current=PASSWORD, password=new)
    everything: list[Any] = [
        (e.who, e.origin, e.action, e.target, e.changes) for e in entries(installation)
    ]
    text = json.dumps(everything)
    assert "account.change_password" in text
    for secret in (PASSWORD, new, "argon2"):
        assert secret not in text


def test_the_page_shows_it_to_an_owner_and_to_nobody_else(
    installation: Installation, owner: Browser, curator: Browser
) -> None:
    number = number_of(installation, CURATOR)
    owner.post(f"/admin/curators/{number}/role", "/admin/curators/", role="owner")
    owner.post(f"/admin/curators/{number}/role", "/admin/curators/", role="editor")
    page = owner.get("/admin/audit/").text
    assert "curators: change role" in page
    assert "login: sign in" in page
    assert owner.get("/admin/audit/?q=change_role").text.count("curators: change role") == 2
    assert "Nothing like that" in owner.get("/admin/audit/?who=eve%40example.org").text
    for until, shown in (("2020-01-01", False), ("9999-12-31", True), ("x", True)):
        assert ("login: sign in" in owner.get(f"/admin/audit/?until={until}").text) is shown
    assert curator.get("/admin/audit/").status_code == 403


def test_it_is_taken_away_as_a_file(installation: Installation, owner: Browser) -> None:
    answer = owner.get("/admin/audit/export.csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=audit.csv"
    assert [row["action"] for row in csv.DictReader(answer.text.splitlines())] == ["login.sign_in"]
    lines = owner.get("/admin/audit/export.ndjson?q=nothing").text
    assert lines == ""
    assert owner.get("/admin/audit/export.xlsx").status_code == 404
