"""Row "leaks": no credential and no reader in what is printed, logged or shown; and no
reader's data in another's mail."""

import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from flask import Flask
from flask.testing import FlaskClient
from gunicorn.config import Config
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from newsletter import clock, jobs
from newsletter.audience import links
from newsletter.db import Database
from newsletter.delivery.issue_run.enrol import enrol
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.installation import Installation
from newsletter.mailing.message import Headers, freeze
from newsletter.mailing.placeholders import Placeholder
from newsletter.mailing.render import RenderedMail
from newsletter.models import Subscriber
from newsletter.models.delivery import Delivery
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.settings import Settings
from newsletter.web import server
from newsletter.web.app import create_app
from tests import factories
from tests.functional.lists import add_readers
from tests.migrated import migrate
from tests.transports.conftest import Sink
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
    migrate(installation.db)
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
    client: FlaskClient,
    installation: Installation,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    with installation.db.write() as session:
        reader = factories.subscriber(session, installation.signer, "ann@example.org")
        token = links.token_of(installation.signer, links.UNSUBSCRIBE, reader)
    client.post("/subscribe", data={"email": "new@example.org"})
    client.post("/subscribe", data={"email": "no address@@"})
    client.get(f"/unsubscribe/{token}")
    client.get(f"/unsubscribe/{token}x")
    client.post(f"/unsubscribe/{token}")
    views = client.application.view_functions  # of an app that other tests use, too
    monkeypatch.setitem(views, "subscription.unsubscribe", broken)
    assert client.post(f"/unsubscribe/{token}").status_code == 500
    assert "request.failed" in {getattr(record, "event", "") for record in caplog.records}
    assert not re.search(r"\S@example\.org", caplog.text)
    assert token not in caplog.text


def broken(token: str) -> str:
    raise RuntimeError("no luck")


@pytest.fixture
def dumped() -> Iterator[Path]:
    """A folder that smtp-sink can write to. Not in pytest's, which is closed to others: where
    root tests, smtp-sink is another user."""
    with TemporaryDirectory(prefix="dumped-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@pytest.mark.postfix
def test_no_reader_is_in_another_readers_mail(
    environ: dict[str, str], smtp_sink: Callable[..., Sink], dumped: Path
) -> None:
    """Ten thousand go out over 32 connections at once. Without what is of its one reader
    (address, name, tokens, Message-ID), each mail is the same as every other, envelope and all."""
    sink = smtp_sink("-d", f"{dumped}/", "-m", "64")
    environ |= {
        "NEWSLETTER_MAIL_URL": f"smtp://127.0.0.1:{sink.port}",
        "NEWSLETTER_CONNECTIONS": "32",
    }
    installation = Installation.open(Settings.load(environ))
    migrate(installation.db)
    now = clock.now()
    add_readers(installation, READERS, now)
    begin_short_issue(installation, now)
    owned = {own["address"]: own for own in belongings(installation)}
    assert jobs.deliver(installation) == READERS
    assert sink.messages() == READERS

    rests, reached = set(), []
    for file in dumped.iterdir():
        mail = unfolded(file.read_bytes())
        (address,) = set(re.findall(r"reader\d+@example\.org", mail))
        reached.append(address)
        rests.add(without(mail, owned[address]))
    assert sorted(reached) == sorted(owned)
    assert len(rests) == 1
    (rest,) = rests
    assert {kind: rest.count(f"[{kind}]") for kind in owned[reached[0]]} == {
        "address": 2,  # RCPT TO and To
        "name": 1,
        "message_id": 1,
        "unsubscribe": 3,  # the header, the text and the HTML
        "preferences": 2,
    }
    installation.db.close()


def begin_short_issue(installation: Installation, now: datetime) -> None:
    """An issue of little content, and readers with names that nobody else has."""
    base = installation.settings.base_url
    links = (
        f"{base}/unsubscribe/{Placeholder.UNSUBSCRIBE.value}\n"
        f"{base}/preferences/{Placeholder.PREFERENCES.value}\n"
    )
    mail = RenderedMail("Penguins", f"Leave:\n{links}", f"<pre>{links}</pre>")
    headers = Headers.of_issue(installation.settings, "monday", factories.MONDAY, now)
    with installation.db.write() as session:
        session.execute(update(Subscriber).values(name="Reader " + Subscriber.address_hash))
        issue = Issue(
            kind=Kind.REGULAR,
            date=factories.MONDAY,
            state=IssueState.SENDING,
            created_at=now,
            frozen_at=now,
            message=freeze(mail, headers).to_bytes(),
        )
        session.add(issue)
        session.flush()
        issue.candidates = enrol(session, issue, now)


def belongings(installation: Installation) -> Iterator[dict[str, str]]:
    """For each reader, what may stand in their mail and in nobody else's."""
    envelopes = Envelopes(installation.settings, installation.storage, installation.signer)
    signer = installation.signer
    columns = select(Subscriber, Delivery.id)
    owned = columns.join(Delivery, Delivery.subscriber_id == Subscriber.id)
    with installation.db.read() as session:
        for reader, delivery in session.execute(owned):
            yield {
                "address": reader.address,
                "name": str(reader.name),
                "message_id": envelopes.message_id("delivery", delivery),
                "unsubscribe": links.token_of(signer, links.UNSUBSCRIBE, reader),
                "preferences": links.token_of(signer, links.PREFERENCES, reader),
            }


def without(mail: str, own: dict[str, str]) -> str:
    """A mail with each of its reader's belongings replaced by the belonging's name."""
    for kind, value in own.items():
        mail = mail.replace(value, f"[{kind}]")
    return mail


def unfolded(dumped: bytes) -> str:
    """What smtp-sink wrote down, its lines joined, without the trace that it added: the
    client's port, the time, an id and the order of its commands differ."""
    head, _, mail = dumped.partition(b"\nReceived: ")
    mail = mail[mail.index(b"\nFrom: ") :]
    envelope = re.findall(rb"(?m)^X-(?:Mail|Rcpt)-Args: .*$", head)
    whole = b"\n".join([*envelope, mail]).replace(b"=\n", b"")
    return re.sub(r"\n ", " ", whole.decode())


def test_an_error_of_the_database_quotes_no_parameter(db: Database) -> None:
    for transaction in (db.read, db.write):
        with pytest.raises(DBAPIError) as refused, transaction() as session:
            session.execute(text("SELECT :who FROM nowhere"), {"who": "ann@example.org"})
        assert "nowhere" in str(refused.value)
        assert "ann@example.org" not in str(refused.value)
    with pytest.raises(DBAPIError) as refused, db.one_statement() as connection:
        connection.execute(text("SELECT :who FROM nowhere"), {"who": "ann@example.org"})
    assert "ann@example.org" not in str(refused.value)


def test_the_web_servers_own_lines_have_no_link(capfd: pytest.CaptureFixture[str]) -> None:
    log = server._Log(Config())
    log.error("Error handling request %s of %s", "/unsubscribe/AAAA-secret", "ann@example.org")
    line = capfd.readouterr().err
    assert "Error handling request /unsubscribe/(token) of (address)" in line
    log.error_log.handlers.clear()
