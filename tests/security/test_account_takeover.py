"""Row "account takeover": what a form posts never says whose account it is about."""

import re

from newsletter import clock
from newsletter.curators import (
    accounts,
    logins,
)
from newsletter.installation import Installation
from newsletter.models.curator import Role
from newsletter.tokens import MAC_BYTES
from tests.web.admin.conftest import CURATOR, OWNER, PASSWORD, Browser
from tests.web.conftest import mailed_link

IDS = {
    "id": "1",
    "number": "1",
    "curator_id": "1",
    "address": OWNER,
    "user": OWNER,
    "role": "owner",
}


def test_posted_ids_do_not_change_whose_password_is_set(
    installation: Installation, curator: Browser
) -> None:
    hash_before = password_of(installation, OWNER)
    answer = curator.post(
        "/admin/account/password",
        "/admin/account/",
        current=PASSWORD,
        password="another long password",
        **IDS,
    )
    assert answer.status_code == 302
    assert password_of(installation, OWNER) == hash_before
    with installation.db.read() as session:
        me = accounts.find(session, CURATOR)
        assert me is not None
        assert me.role is Role.SENDER


def test_a_reset_link_sets_the_password_of_its_own_account_alone(
    installation: Installation, nobody: Browser, people: None
) -> None:
    hash_before = password_of(installation, OWNER)
    path = reset_path(installation, CURATOR)
    nobody.post(path, path, password="another long password", **IDS)
    assert password_of(installation, OWNER) == hash_before
    assert nobody.sign_in(CURATOR, "another long password").status_code == 302


def test_a_reset_token_has_128_bits_and_bears_no_tampering(
    installation: Installation, nobody: Browser, people: None
) -> None:
    assert MAC_BYTES * 8 >= 128
    path = reset_path(installation, CURATOR)
    for at in (len("/admin/password/"), len(path) // 2, -1):
        swapped = "A" if path[at] != "A" else "B"
        tampered = path[:at] + swapped + (path[at + 1 :] if at != -1 else "")
        assert nobody.get(tampered).status_code == 404


def test_a_token_for_another_purpose_resets_nothing(
    installation: Installation, nobody: Browser, people: None
) -> None:
    with installation.db.read() as session:
        me = accounts.find(session, CURATOR)
        assert me is not None
        device = logins.device_token(installation.signer, me.id, clock.now())
    assert nobody.get(f"/admin/password/{device}").status_code == 404


def test_an_older_link_is_dead_once_a_newer_one_was_used(
    installation: Installation, nobody: Browser, people: None
) -> None:
    older, newer = reset_path(installation, CURATOR), reset_path(installation, CURATOR)
    nobody.post(newer, newer, password="another long password")
    assert nobody.get(older).status_code == 404


def test_setting_a_password_by_link_ends_every_session(
    installation: Installation, nobody: Browser, curator: Browser
) -> None:
    path = reset_path(installation, CURATOR)
    nobody.post(path, path, password="another long password")
    assert curator.get("/admin/").status_code == 302


def test_the_link_never_stands_on_a_page(
    installation: Installation, nobody: Browser, people: None
) -> None:
    nobody.post("/admin/forgotten", "/admin/forgotten", address=CURATOR)
    _, path = mailed_link(installation)
    assert re.fullmatch(r"/admin/password/[\w-]+", path)
    assert path not in nobody.get("/admin/login").text


def password_of(installation: Installation, address: str) -> str:
    with installation.db.read() as session:
        found = accounts.find(session, address)
        assert found is not None
        return found.password_hash


def reset_path(installation: Installation, address: str) -> str:
    with installation.db.read() as session:
        found = accounts.find(session, address)
        assert found is not None
        return f"/admin/password/{logins.reset_token(installation.signer, found, clock.now())}"
