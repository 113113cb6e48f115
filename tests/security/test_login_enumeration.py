"""Row "enumeration, timing": the login says nothing about who is a curator."""

import re
from collections.abc import Callable, Iterator
from time import perf_counter

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from flask import Flask
from sqlalchemy import select

from newsletter.curators import accounts
from newsletter.installation import Installation
from newsletter.models import Notice
from newsletter.web.limits import admin_limiter
from newsletter.web.responses.even_time import ANSWERED_AFTER
from tests.web.admin.conftest import OWNER, TOKEN, Browser

STRANGER = "nobody@example.org"


@pytest.fixture
def unlimited(app: Flask) -> Iterator[None]:
    admin_limiter.enabled = False
    yield
    admin_limiter.enabled = True


def said(text: str, address: str) -> str:
    """A page without what differs by itself: the form's token and what was typed."""
    return TOKEN.sub("", text).replace(address, "…")


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    new_browser: Callable[[], Browser], people: None
) -> None:
    answers = {
        address: new_browser().sign_in(address, "a wrong password") for address in (OWNER, STRANGER)
    }
    assert {answer.status_code for answer in answers.values()} == {422}
    assert len({said(answer.text, address) for address, answer in answers.items()}) == 1


@pytest.mark.usefixtures("unlimited", "people")
def test_an_address_that_has_to_wait_gets_the_same_answer_too(
    new_browser: Callable[[], Browser],
) -> None:
    browser = new_browser()
    for _ in range(8):
        waiting = browser.sign_in(OWNER, "a wrong password")
    unknown = browser.sign_in(STRANGER, "a wrong password")
    assert said(waiting.text, OWNER) == said(unknown.text, STRANGER)


def test_asking_for_a_password_is_answered_the_same_for_everybody(
    installation: Installation, new_browser: Callable[[], Browser], people: None
) -> None:
    pages = set()
    for address in (OWNER, STRANGER, "not an address"):
        browser = new_browser()
        answer = browser.post("/admin/forgotten", "/admin/forgotten", address=address)
        assert answer.location == "/admin/login"
        pages.add(TOKEN.sub("", browser.get("/admin/login").text))
    assert len(pages) == 1
    with installation.db.read() as session:
        assert list(session.scalars(select(Notice.address))) == [OWNER]


def test_asking_for_a_password_takes_as_long_for_everybody(
    new_browser: Callable[[], Browser], people: None
) -> None:
    for address in (OWNER, STRANGER, "not an address"):
        browser = new_browser()
        token = browser.token("/admin/forgotten")
        begun = perf_counter()
        browser.send("/admin/forgotten", csrf_token=token, address=address)
        assert perf_counter() - begun >= ANSWERED_AFTER


class Counting:
    """A hasher that tells with which parameters it was made to work."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self.worked: list[Parameters] = []

    def verify(self, password_hash: str, password: str) -> bool:
        self.worked.append(extract_parameters(password_hash))
        return self._hasher.verify(password_hash, password)

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)


def test_a_password_is_hashed_for_an_unknown_address_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = accounts.hashed("a password of a curator")
    hasher = Counting(accounts.HASHER)
    monkeypatch.setattr(accounts, "HASHER", hasher)
    assert not accounts.matches(known, "a wrong password")
    assert not accounts.matches(None, "a wrong password")
    assert len(hasher.worked) == 2
    assert hasher.worked[0] == hasher.worked[1] == extract_parameters(known)


def test_the_form_for_a_new_password_does_not_name_the_address_to_a_guesser(
    nobody: Browser,
) -> None:
    answer = nobody.get("/admin/password/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    assert answer.status_code == 404
    assert not re.search(r"\S+@example\.org", answer.text)
