"""Row "leaks": no credential and no reader in what is printed, logged or shown; and no
reader's data in another's mail."""

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter import clock, jobs, migrations
from newsletter.audience import subscriptions
from newsletter.installation import Installation
from newsletter.models import Subscriber
from newsletter.settings import Settings
from newsletter.tokens import Signer
from newsletter.web.app import create_app
from tests import factories
from tests.functional.lists import add_readers, begin_issue
from tests.web.conftest import Visitor

SECRET, PASSWORD, DATABASE_PASSWORD = "s3cret-" * 6 + "0123456789", "hunter2hunter2", "hunter3db"
READERS = 10_000


@pytest.fixture
def secretive(environ: dict[str, str]) -> dict[str, str]:
    """An environment with a password in each place that may have one."""
    return environ | {
        "SECRET_KEY": SECRET,
        "NEWSLETTER_MAIL_URL": f"smtp://relay-user:{PASSWORD}@127.0.0.1:1",
    }


@pytest.fixture
def site(secretive: dict[str, str]) -> Iterator[tuple[Installation, Flask]]:
    installation = Installation.open(Settings.load(secretive))
    migrations.upgrade(installation.db)
    app = create_app(installation)
    app.test_client_class = Visitor
    yield installation, app
    installation.db.close()


def assert_tight(text: str) -> None:
    for secret in (SECRET, PASSWORD, DATABASE_PASSWORD):
        assert secret not in text


@pytest.mark.parametrize(
    "database",
    [None, f"postgresql://news:{DATABASE_PASSWORD}@127.0.0.1:1/news"],
    ids=["sqlite", "postgresql"],
)
@pytest.mark.parametrize(
    "command", [("doctor",), ("doctor", "--json"), ("worker", "--once"), ("db", "check")]
)
def test_no_command_prints_a_credential(
    secretive: dict[str, str], database: str | None, command: tuple[str, ...]
) -> None:
    here = {"NEWSLETTER_BASE_URL": "http://127.0.0.1:1", "NEWSLETTER_MAIL_FROM": "a@localhost"}
    environ = secretive | here | ({"DATABASE_URL": database} if database else {})
    done = subprocess.run(
        [sys.executable, "-m", "newsletter", *command],
        env=environ | {"PATH": os.environ["PATH"]},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert_tight(done.stdout + done.stderr)
    if command[0] == "doctor":
        assert "127.0.0.1" in done.stdout  # it does say where the mail goes


def test_nothing_that_is_printed_for_a_developer_has_a_credential(
    site: tuple[Installation, Flask],
) -> None:
    installation, app = site
    for thing in (installation, installation.settings, installation.db, installation.signer, app):
        assert_tight(repr(thing) + str(thing))
    assert_tight(repr(installation.db.engine))


def test_no_error_page_and_no_log_has_a_credential(
    site: tuple[Installation, Flask], caplog: pytest.LogCaptureFixture
) -> None:
    installation, app = site
    caplog.set_level(logging.DEBUG)

    @app.get("/breaks")
    def breaks() -> str:
        raise RuntimeError("at " + installation.settings.title)

    page = app.test_client().get("/breaks")
    assert page.status_code == 500
    assert "RuntimeError" not in page.text
    assert "Traceback" not in page.text
    assert_tight(page.text + str(page.headers))
    assert "RuntimeError" in caplog.text
    assert_tight(caplog.text)


def test_no_log_has_an_address_or_a_token(
    client: FlaskClient, installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with installation.db.write() as session:
        reader = factories.subscriber(session, installation.signer, "ann@example.org")
        token = installation.signer.sign(subscriptions.UNSUBSCRIBE, str(reader.id))
    client.post("/subscribe", data={"email": "new@example.org"})
    client.post("/subscribe", data={"email": "no address@@"})
    client.get(f"/unsubscribe/{token}")
    client.get(f"/unsubscribe/{token}x")
    client.post(f"/unsubscribe/{token}")
    client.application.view_functions["subscription.unsubscribe"] = broken
    assert client.post(f"/unsubscribe/{token}").status_code == 500
    assert "request.failed" in {getattr(record, "event", "") for record in caplog.records}
    assert not re.search(r"\S@example\.org", caplog.text)
    assert token not in caplog.text


def broken(token: str) -> str:
    raise RuntimeError("no luck")


def test_no_reader_is_in_another_readers_mail(installation: Installation) -> None:
    """Ten thousand are sent over eight connections at once, and each mail is looked through."""
    now = clock.now()
    add_readers(installation, READERS, now)
    begin_issue(installation, factories.MONDAY, now)
    with installation.db.read() as session:
        numbers = dict(session.execute(select(Subscriber.address, Subscriber.id)).all())
    assert jobs.deliver(installation) == READERS
    reached = {assert_is_to_one(mail, numbers, installation.signer) for mail in mails(installation)}
    assert reached == numbers.keys()


def mails(installation: Installation) -> Iterator[bytes]:
    for file in Path(installation.settings.mail_url.removeprefix("maildir:")).glob("new/*"):
        yield file.read_bytes()


def assert_is_to_one(mail: bytes, numbers: dict[str, int], signer: Signer) -> str:
    """Everything in ``mail`` is of the one reader whose address it returns."""
    unfolded = re.sub(rb"=\r?\n", b"", mail)
    (address,) = set(re.findall(rb"reader\d+@example\.org", unfolded))
    for purpose in (subscriptions.UNSUBSCRIBE, subscriptions.PREFERENCES):
        theirs = signer.sign(purpose, str(numbers[address.decode()]))
        found = set(re.findall(rf"/{purpose}/([\w-]+)".encode(), unfolded))
        assert found == {theirs.encode()}
    return address.decode()
