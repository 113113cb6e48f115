"""The whole examination: what is looked at for which transport, and in which order."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.doctor import examination
from newsletter.doctor.dns_lookup import Dns
from newsletter.doctor.examination import examine
from newsletter.doctor.findings import Finding, State
from newsletter.doctor.server import Visit
from newsletter.installation import Installation
from newsletter.models.issue import Issue
from newsletter.models.process import ProcessRole
from newsletter.settings import Settings
from newsletter.tokens import Signer, seal_of
from tests.doctor.test_site import site
from tests.doctor.zones import SERVFAIL, asking, serving
from tests.heartbeats.rows import beat
from tests.migrated import migrate
from tests.transports.scripted import ScriptedServer

Beside = Callable[[ScriptedServer], ScriptedServer]
Opened = Callable[..., Installation]

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 1000000")


@pytest.fixture
def opened(environ: dict[str, str]) -> Iterator[Opened]:
    installations: list[Installation] = []

    def open_it(**more: str) -> Installation:
        settings = {f"NEWSLETTER_{name}": value for name, value in more.items()}
        installation = Installation.open(Settings.load(environ | settings))
        migrate(installation.db)
        beat(installation.db, ProcessRole.CLOCK)
        beat(installation.db, ProcessRole.WORKER)
        installations.append(installation)
        return installation

    yield open_it
    for installation in installations:
        installation.db.close()


def examined(installation: Installation, now: datetime = NOON) -> list[Finding]:
    with serving({"news.test": {"MX": ["10 mx.news.test."]}}) as dns:
        return list(examine(installation, dns, now))


def whats(findings: list[Finding]) -> list[str]:
    return list(dict.fromkeys(finding.what for finding in findings))


def of(what: str, findings: list[Finding]) -> list[tuple[State, str]]:
    return [(f.state, f.sentence) for f in findings if f.what == what]


def test_a_folder_needs_neither_dns_nor_site(opened: Opened, tmp_path: Path) -> None:
    with asking({}) as (resolver, asked):
        installation = opened(MAIL_URL=f"maildir:{tmp_path}/out")
        findings = list(examine(installation, Dns(resolver), NOON))
    assert whats(findings) == [
        "settings",
        "disk",
        "storage",
        "database",
        "secret key",
        "processes",
        "issues",
        "backups",
        "mail",
        "clock",
    ]
    assert {finding.state for finding in findings} == {State.OK}
    assert asked == []


def test_a_server_is_looked_at_with_all_around_it(
    opened: Opened, beside: Beside, environ: dict[str, str]
) -> None:
    server = beside(ScriptedServer(extensions=EXTENSIONS))
    with site(seal=seal_of(Signer(environ["SECRET_KEY"]))) as port:
        installation = opened(
            MAIL_URL=f"smtp://127.0.0.1:{server.port}",
            MAIL_FROM="hello@news.test",
            BASE_URL=f"http://127.0.0.1:{port}",
        )
        findings = examined(installation)
    assert whats(findings) == [
        "settings", "disk", "storage", "database", "secret key", "processes", "issues",
        "backups", "mail", "TLS",
        "extensions", "MX", "SPF", "DMARC", "DKIM", "alignment", "site", "clock",
    ]  # fmt: skip
    assert [state for state, _ in of("site", findings)] == [State.WARNING, State.OK]
    assert of("clock", findings)[0][0] is State.OK


def test_the_clock_of_the_site_is_compared_with_ours(opened: Opened) -> None:
    with site("Fri, 20 Nov 2026 12:05:00 GMT") as port:
        installation = opened(
            MAIL_URL="postmark://KEY@",
            MAIL_FROM="a@localhost",
            BASE_URL=f"http://127.0.0.1:{port}",
        )
        [(state, sentence)] = of("clock", examined(installation))
    assert (state, "300 s apart" in sentence) == (State.WARNING, True)


def test_what_is_not_there_hides_nothing(opened: Opened) -> None:
    installation = opened(
        MAIL_URL="smtp://us:hunter2@127.0.0.1:1?tls=none",
        MAIL_FROM="hello@news.test",
        BASE_URL="http://127.0.0.1:1",
    )
    with serving({"news.test": SERVFAIL}) as dns:
        findings = list(examine(installation, dns, NOON))
    assert of("mail", findings)[0][0] is State.WRONG
    [(state, sentence)] = of("DNS", findings)
    assert (state, "Could not ask the DNS" in sentence) == (State.WARNING, True)
    assert of("site", findings)[-1][0] is State.WARNING
    assert whats(findings)[-1] == "clock"
    assert not any("hunter2" in finding.sentence for finding in findings)


def test_the_largest_message_that_was_made_must_fit(opened: Opened, beside: Beside) -> None:
    server = beside(ScriptedServer(extensions=EXTENSIONS))
    installation = opened(
        MAIL_URL=f"smtp://127.0.0.1:{server.port}",
        MAIL_FROM="a@localhost",
        BASE_URL="http://127.0.0.1:1",
    )
    with installation.db.write() as session:
        session.add(Issue(date=NOON.date(), created_at=NOON, message=b"x" * 1_000_001))
    assert State.WRONG in {state for state, _ in of("extensions", examined(installation))}


@pytest.mark.parametrize(
    ("url", "own", "peer", "state"),
    [
        ("smtp://mx.reader.test", "9.9.9.9", "8.8.8.8", State.WRONG),
        ("smtp://mx.reader.test", "10.0.0.5", "8.8.8.8", State.WARNING),
        ("smtp://relay.test", "10.0.0.5", "10.0.0.9", None),
        ("smtp://mx.reader.test:587", "9.9.9.9", "8.8.8.8", None),
        ("smtp://us:pw@mx.reader.test:25", "9.9.9.9", "8.8.8.8", None),
    ],
)
def test_a_name_is_wanted_of_a_host_that_sends_straight(
    opened: Opened,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    own: str,
    peer: str,
    state: State | None,
) -> None:
    # No test can be on the internet: it is told what a visit there would have found.
    visited = Visit({}, None, {}, None, own, peer)
    monkeypatch.setattr(examination, "visit", lambda transport: visited)
    findings = examined(
        opened(MAIL_URL=url, MAIL_FROM="a@localhost", BASE_URL="http://127.0.0.1:1")
    )
    assert [found for found, _ in of("reverse name", findings)] == ([state] if state else [])
