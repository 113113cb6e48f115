"""Row "enumeration, timing": the login says nothing about who is a curator."""

import re
from collections.abc import Callable
from statistics import median
from time import perf_counter

import pytest
from flask import Flask
from sqlalchemy import select

from newsletter import curators
from newsletter.installation import Installation
from newsletter.models import Notice
from newsletter.web.admin.limits import limiter
from tests.web.admin.conftest import OWNER, TOKEN, Browser

STRANGER = "nobody@example.org"
ROUNDS = 7


@pytest.fixture
def unlimited(app: Flask) -> None:
    limiter.enabled = False
    yield
    limiter.enabled = True


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


def test_a_password_is_hashed_for_an_unknown_address_as_well() -> None:
    known = curators.hashed("a password of a curator")
    curators.matches(None, "")
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(ROUNDS):
        for is_known in (True, False):
            start = perf_counter()
            assert not curators.matches(known if is_known else None, "a wrong password")
            times[is_known].append(perf_counter() - start)
    ratio = median(times[True]) / median(times[False])
    assert 0.5 < ratio < 2


def test_the_form_for_a_new_password_does_not_name_the_address_to_a_guesser(
    nobody: Browser,
) -> None:
    answer = nobody.get("/admin/password/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    assert answer.status_code == 404
    assert not re.search(r"\S+@example\.org", answer.text)
