"""The app of one installation, empty or with a dataset and its issue, and who asks for pages."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from newsletter import clock
from newsletter.installation import Installation
from newsletter.issues.notices import render_notice
from newsletter.models import Notice
from newsletter.tables.querying.table_cache import Shelf
from newsletter.web.admin import audited
from newsletter.web.app import create_app
from newsletter.web.responses.page_cache import PageCache
from tests import factories
from tests.conftest import BASE_URL

TUESDAY = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock_that_stands_still() -> Iterator[None]:
    """A form is never sent later, and an hour never ends, because the machine was slow."""
    with time_machine.travel(TUESDAY, tick=False):
        yield


@pytest.fixture
def seeded(installation: Installation) -> Installation:
    """The same with the penguins published, their issue sent on Monday 23 November 2026, and
    code on them that waits for a curator."""
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        factories.issue(session, version)
        factories.submission(session, installation.storage, version)
    return installation


# Of a question about a table: its threads let all others go before, and here these are many.
QUESTION_SECONDS = 60.0


class Visitor(FlaskClient):
    """A client that asks the site at its own address, over https."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        given: dict[str, Any] = {"base_url": BASE_URL, "buffered": True}
        return super().open(*args, **given | kwargs)


@pytest.fixture
def new_app(installation: Installation) -> Iterator[Flask]:
    """An app that no other test has, for one that registers something on it."""
    app = create_app(installation)
    app.test_client_class = Visitor
    yield app
    app.extensions["shelf"].close()


@pytest.fixture
def app(installation: Installation, apps: dict[str, Flask]) -> Iterator[Flask]:
    """An app that other tests had before, with this installation, as if it were new."""
    settings = installation.settings
    elsewhere = replace(settings, database_url="", mail_url="")
    key = f"{elsewhere} {settings.secret_key}".replace(str(settings.home), "")
    app = apps.get(key) or apps.setdefault(key, create_app(installation))
    app.test_client_class = Visitor
    app.extensions["newsletter"] = installation
    audited.watch(installation)
    app.extensions["page_cache"] = PageCache()
    app.extensions["shelf"] = Shelf(installation.storage.root, QUESTION_SECONDS)
    for limiter in app.extensions["limiter"]:
        limiter.reset()
    yield app
    app.extensions["shelf"].close()


@pytest.fixture(scope="session")
def apps() -> dict[str, Flask]:
    """Those that were made so far, by the settings that an app reads when it is made."""
    return {}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def mailed_link(installation: Installation) -> tuple[str, str]:
    """To whom the one mail that is owed goes, and the path of the link that it has."""
    with installation.db.read() as session:
        notice = session.scalars(select(Notice)).one()
        settings, storage, signer = installation.settings, installation.storage, installation.signer
        mail = render_notice(session, notice, settings, storage, signer, clock.now())
    [path] = set(re.findall(rf"{BASE_URL}(/\S+/[\w-]{{20,}})", mail.text))
    return notice.address, path


def notices(installation: Installation) -> list[str]:
    """To which addresses a mail is owed."""
    with installation.db.read() as session:
        return list(session.scalars(select(Notice.address)))
