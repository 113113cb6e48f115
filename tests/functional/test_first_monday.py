"""The whole main job, through every door that a person uses.

A visitor subscribes and confirms, a curator adds a dataset in the admin and
gives it a Monday, the clock sends it through a real SMTP server, a reader
leaves with one click, and the next Monday passes that reader by.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
import time_machine

from newsletter import clock, jobs
from newsletter.delivery.queue.balance import balance_of
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.issues import calendar
from tests.functional.conftest import MailServer
from tests.functional.site import CURATOR, PASSWORD, free_port, open_site
from tests.functional.visitor import Visitor

NEW_YORK = ZoneInfo("America/New_York")
THURSDAY = datetime(2026, 11, 26, 12, tzinfo=NEW_YORK)
FIRST = datetime(2026, 11, 30, 9, tzinfo=NEW_YORK)
SECOND = datetime(2026, 12, 7, 9, tzinfo=NEW_YORK)
READERS = ["ann@example.org", "ben@example.com", "chloé.list+data@bücher.example"]
RIVERS = (
    "river,length_km,continent\nNile,6650,Africa\nAmazon,6400,South America\nYangtze,6300,Asia\n"
)
DESCRIPTION = (
    "Which river is the longest? It depends on where one says that it begins, "
    "and on whether Brazil or Egypt is asked."
)


@pytest.fixture
def installation(
    environ: dict[str, str], database_url: str, mail_server: MailServer
) -> Iterator[Installation]:
    environ |= {
        "DATABASE_URL": database_url,
        "NEWSLETTER_TIMEZONE": "America/New_York",
        "NEWSLETTER_MAIL_URL": mail_server.url,
    }
    with time_machine.travel(THURSDAY), open_site(environ, free_port()) as site:
        yield site.installation


def test_from_a_form_to_an_inbox_and_out_again(
    installation: Installation, mail_server: MailServer
) -> None:
    with time_machine.travel(THURSDAY):
        for reader in READERS:
            _subscribe(installation, reader)
        _confirm_all(installation, mail_server)
        curator = _signed_in(installation)
        _add_dataset(installation, curator, "rivers", "The longest rivers")
        _add_dataset(installation, curator, "more-rivers", "More long rivers")
        _plan(curator, "rivers", FIRST)
        _plan(curator, "more-rivers", SECOND)

    with time_machine.travel(FIRST.replace(hour=8, minute=59)):
        assert _work(installation, mail_server) == []
    with time_machine.travel(FIRST):
        first = _work(installation, mail_server)
        assert sorted(str(m["X-To"]) for m in first) == sorted(_envelope(r) for r in READERS)
        assert _work(installation, mail_server) == []
        assert {str(message["Subject"]) for message in first} == {"The longest rivers"}
        assert len({str(message["Message-ID"]) for message in first}) == len(READERS)
        for message in first:
            body = message.get_body(("plain",))
            assert body is not None
            assert "Yangtze" in body.get_content()
        _balance(installation, FIRST, sent=len(READERS))
        _read_on_the_site(installation)
        _leave(first[0])

    left = str(first[0]["X-To"])
    with time_machine.travel(SECOND):
        second = _work(installation, mail_server)
        stayed = sorted(_envelope(r) for r in READERS if _envelope(r) != left)
        assert sorted(str(message["X-To"]) for message in second) == stayed
        _balance(installation, SECOND, sent=len(stayed))


def _subscribe(installation: Installation, address: str) -> None:
    visitor = Visitor(installation.settings.base_url).open("/")
    visitor.submit("email", email=address, status=visitor.answer.status_code)
    assert "inbox" in visitor.words().lower()


def _confirm_all(installation: Installation, mail_server: MailServer) -> None:
    mails = _work(installation, mail_server)
    assert sorted(str(m["X-To"]) for m in mails) == sorted(_envelope(r) for r in READERS)
    for mail in mails:
        body = mail.get_body(("plain",))
        assert body is not None
        link = re.search(r"http://\S+/confirm/\S+", body.get_content())
        assert link is not None
        visitor = Visitor(installation.settings.base_url).open(link[0])
        visitor.submit("subscribe me")


def _signed_in(installation: Installation) -> Visitor:
    curator = Visitor(installation.settings.base_url).open("/admin/")
    return curator.submit("password", address=CURATOR, password=PASSWORD)


def _add_dataset(installation: Installation, curator: Visitor, slug: str, title: str) -> None:
    """First without a licence, which is refused when it comes to publishing."""
    typed: dict[str, Any] = {
        "slug": slug,
        "title": title,
        "summary": "Their length in kilometres, and where they flow.",
        "description": DESCRIPTION,
        "license": "CC0-1.0",
        "keywords": "rivers, geography",
        "sources-0-title": "An atlas",
        "sources-0-url": "https://atlas.example.org/rivers",
        "tables-0-name": "rivers",
        "tables-0-file": (f"{slug}.csv", RIVERS.encode()),
    }
    curator.open("/admin/datasets/new").submit("slug", **typed)
    run_until_idle(installation)
    curator.open(f"/admin/datasets/{slug}/").submit("Publish")


def _plan(curator: Visitor, slug: str, monday: datetime) -> None:
    curator.open("/admin/issues/").submit("slug", slug=slug, date=str(monday.date()))


def _work(installation: Installation, mail_server: MailServer) -> list:  # type: ignore[type-arg]
    """Let the clock look and the worker send; returns what arrived meanwhile."""
    before = len(mail_server.raw())
    assert not jobs.run_all(installation, clock.now(), jobs.LOCAL_JOBS)
    jobs.deliver(installation)
    return [m for m in mail_server.messages()[before:] if str(m["X-To"]) != CURATOR]


def _balance(installation: Installation, monday: datetime, sent: int) -> None:
    with installation.db.read() as session:
        balance = balance_of(session, calendar.get(session, monday.date()))
    assert balance.holds
    assert balance.sent == balance.candidates == sent


def _read_on_the_site(installation: Installation) -> None:
    visitor = Visitor(installation.settings.base_url)
    assert "The longest rivers" in visitor.open("/").words()
    visitor.open(f"/issues/{FIRST.date()}")
    csv = visitor.open("/datasets/rivers/v/1.0.0/rivers.csv").answer.text
    assert csv == RIVERS


def _leave(message: object) -> None:
    """RFC 8058: one POST by the mail program, with nothing but the address in the header."""
    url = str(message["List-Unsubscribe"]).strip("<>")  # type: ignore[index]
    for _ in range(2):
        answer = requests.post(
            url, data={"List-Unsubscribe": "One-Click"}, allow_redirects=False, timeout=30
        )
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers


def _envelope(address: str) -> str:
    local, _, domain = address.partition("@")
    return f"{local}@{domain.encode('idna').decode()}"
