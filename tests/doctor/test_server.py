"""What a visit to an SMTP server finds: encryption, a way in, and what it can do."""

import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from newsletter.doctor.findings import Finding, State
from newsletter.doctor.server import Visit, examine_visit, refusal, visit
from newsletter.transports.base import Unavailable
from newsletter.transports.smtp.transport import SmtpTransport
from tests.transports.scripted import ScriptedServer, say

Beside = Callable[[ScriptedServer], ScriptedServer]
Certified = Callable[..., ssl.SSLContext]

NOW = datetime.now(UTC)  # certificates are checked by the real clock
ALL = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 10485760", "AUTH PLAIN", "STARTTLS")


def transport(server: ScriptedServer, **options: object) -> SmtpTransport:
    settings: dict[str, Any] = {"own_name": "news.test", "tls": "none"} | options
    return SmtpTransport("127.0.0.1", server.port, **settings)


def examined(way: SmtpTransport, octets: int = 300_000, now: datetime = NOW) -> list[Finding]:
    return list(examine_visit(way, visit(way), octets, now))


def of(what: str, findings: list[Finding]) -> list[tuple[State, str]]:
    return [(f.state, f.sentence) for f in findings if f.what == what]


def test_a_server_that_has_everything_is_right(
    beside: Beside, certified: Certified, cafile: str
) -> None:
    until = NOW + timedelta(days=90)
    server = beside(ScriptedServer(extensions=ALL, tls=certified("127.0.0.1", until)))
    way = transport(server, tls="starttls", cafile=cafile, user="us", password="hunter2")
    findings = examined(way)
    assert {f.state for f in findings} == {State.OK}
    [(_, tls)] = of("TLS", findings)
    assert tls.startswith("TLSv1.3, with a certificate for 127.0.0.1 until ")
    assert f"{until:%Y-%m-%d}" in tls
    assert of("login", findings) == [(State.OK, "the server lets us in by PLAIN.")]
    assert server.said("MAIL") == []
    assert server.said("QUIT") == ["QUIT"]


@pytest.mark.parametrize(("days", "state"), [(13, State.WARNING), (15, State.OK)])
def test_a_certificate_that_soon_expires_is_warned_of(
    beside: Beside, certified: Certified, cafile: str, days: int, state: State
) -> None:
    context = certified("127.0.0.1", NOW + timedelta(days=days, hours=1))
    server = beside(ScriptedServer(extensions=ALL, tls=context, implicit_tls=True))
    [(found, sentence)] = of("TLS", examined(transport(server, tls="implicit", cafile=cafile)))
    assert found is state
    assert ("in 13 days" in sentence) is (days == 13)


def refused(way: SmtpTransport) -> str:
    with pytest.raises(Unavailable) as unavailable:
        visit(way)
    finding = refusal(unavailable.value)
    assert (finding.what, finding.state) == ("mail", State.WRONG)
    return finding.sentence


def test_a_certificate_that_is_refused_comes_with_a_cure(
    beside: Beside, certified: Certified, self_signed: ssl.SSLContext, cafile: str
) -> None:
    yesterday = NOW - timedelta(days=1)
    for context, trusted, cure in (
        (certified("127.0.0.1", yesterday), cafile, "renew the certificate"),
        (certified("mx.test"), cafile, "by a name of its certificate"),
        (certified("127.0.0.1"), None, "?cafile=PATH"),
        (self_signed, None, "?cafile=PATH"),
    ):
        server = beside(ScriptedServer(extensions=ALL, tls=context))
        assert cure in refused(transport(server, tls="starttls", cafile=trusted))


def test_a_wrong_password_is_one_clear_sentence(beside: Beside) -> None:
    server = beside(ScriptedServer({"AUTH": [say("535 5.7.8 bad credentials")]}, ALL))
    sentence = refused(transport(server, user="us", password="hunter2"))
    assert "refused the login: check the user and the password" in sentence
    assert "hunter2" not in sentence


def test_a_server_that_nobody_runs_is_said() -> None:
    way = SmtpTransport("127.0.0.1", 1, "news.test", "none")
    assert refused(way).startswith("127.0.0.1:1: no connection")


# What an extension is worth.


@pytest.mark.parametrize(
    ("lacking", "cost"), [("PIPELINING", "slower"), ("SMTPUTF8", "beyond ASCII")]
)
def test_each_lack_is_warned_of_with_its_cost(beside: Beside, lacking: str, cost: str) -> None:
    server = beside(ScriptedServer(extensions=[name for name in ALL if name != lacking]))
    warned = [s for state, s in of("extensions", examined(transport(server))) if state != "ok"]
    assert len(warned) == 1
    assert f"offers no {lacking}" in warned[0]
    assert cost in warned[0]


@pytest.mark.parametrize("lacking", ["8BITMIME", "SIZE 10485760"])
def test_what_costs_nothing_is_no_warning(beside: Beside, lacking: str) -> None:
    server = beside(ScriptedServer(extensions=[name for name in ALL if name != lacking]))
    found = of("extensions", examined(transport(server)))
    assert [state for state, _ in found] == [State.OK, State.OK]
    assert f"no {lacking.split(' ')[0]}" in found[0][1]


@pytest.mark.parametrize(
    ("size", "wrong"),
    [("SIZE 299999", True), ("SIZE 300000", False), ("SIZE 0", False), ("SIZE", False)],
)
def test_our_largest_message_must_fit(beside: Beside, size: str, wrong: bool) -> None:
    server = beside(ScriptedServer(extensions=("PIPELINING", "8BITMIME", "SMTPUTF8", size)))
    states = [state for state, _ in of("extensions", examined(transport(server)))]
    assert (State.WRONG in states) is wrong


def met(peer: str, extensions: Mapping[str, str]) -> list[Finding]:
    """A visit to where no test can go."""
    found = Visit(extensions, None, {}, None, "192.0.2.1", peer)
    return list(examine_visit(SmtpTransport("relay.test", 587, "news.test"), found, 1, NOW))


def test_mail_in_the_clear_is_warned_of_unless_it_stays_here() -> None:
    assert of("TLS", met("127.0.0.1", {}))[0][0] is State.OK
    state, sentence = of("TLS", met("192.168.1.9", {}))[0]
    assert (state, "read by others" in sentence) == (State.WARNING, True)
    assert "offers STARTTLS" in of("TLS", met("192.168.1.9", {"STARTTLS": ""}))[0][1]


def test_a_relay_on_the_internet_mostly_wants_a_login() -> None:
    assert of("login", met("192.168.1.9", {})) == []
    assert of("login", met("9.9.9.9", {}))[0][0] is State.WARNING
