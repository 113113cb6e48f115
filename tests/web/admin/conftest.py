"""Browsers in which an owner, a curator and nobody are signed in."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from newsletter import clock
from newsletter.curators import accounts
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.models.curator import Role
from tests.conftest import BASE_URL

PASSWORD = "correct horse battery staple"
OWNER, CURATOR = "owner@example.org", "curator@example.org"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """A test client that, as a browser does, sends a form with the token of its page."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, base_url=BASE_URL, **more)

    def post(self, path: str, page: str = "/admin/", **data: Any) -> TestResponse:
        """Send a form that stands on ``page``."""
        return self.send(path, csrf_token=self.token(page), **data)

    def send(self, path: str, **data: Any) -> TestResponse:
        """Send just these fields."""
        return self.client.post(path, base_url=BASE_URL, data=data)

    def token(self, page: str = "/admin/") -> str:
        found = TOKEN.search(self.get(page).text)
        assert found is not None, f"{page} has no form"
        return found[1]

    def sign_in(self, address: str, password: str = PASSWORD, **more: Any) -> TestResponse:
        return self.post("/admin/login", "/admin/login", address=address, password=password, **more)

    def work(self) -> None:
        """Let a worker run the tasks that are due."""
        run_until_idle(self.client.application.extensions["newsletter"])

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(name, domain=BASE_URL.removeprefix("https://"))
        return found.value if found else None


@pytest.fixture
def new_browser(app: Flask) -> Callable[[], Browser]:
    """Opens a browser of its own at each call."""

    def open_one() -> Browser:
        return Browser(app.test_client())

    return open_one


@pytest.fixture
def people(installation: Installation) -> None:
    """One owner and one curator."""
    with installation.db.write() as session:
        accounts.add_curator(session, OWNER, Role.OWNER, PASSWORD, clock.now())
        accounts.add_curator(session, CURATOR, Role.SENDER, PASSWORD, clock.now())


@pytest.fixture
def nobody(new_browser: Callable[[], Browser]) -> Browser:
    """A browser in which nobody is signed in."""
    return new_browser()


@pytest.fixture
def owner(new_browser: Callable[[], Browser], people: None) -> Browser:
    browser = new_browser()
    assert browser.sign_in(OWNER).status_code == 302
    return browser


@pytest.fixture
def curator(new_browser: Callable[[], Browser], people: None) -> Browser:
    browser = new_browser()
    assert browser.sign_in(CURATOR).status_code == 302
    return browser
