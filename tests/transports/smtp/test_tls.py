"""Encryption that is required: where it cannot be had, no login and no mail leaves."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsletter.transports.base import Unavailable, Verdict
from tests.transports.feeds import ListFeed, envelope
from tests.transports.scripted import HANGS_UP, Answer, ScriptedServer, say
from tests.transports.talking import PIPELINED, carry, international

pytestmark = pytest.mark.usefixtures("each_loop")

BOTH_KINDS = pytest.mark.parametrize("tls", ["starttls", "implicit"])
IN_THE_CLEAR = {  # all that a server may hear of us before it has proved who it is
    "starttls": b"EHLO news.example.org\r\nSTARTTLS\r\n",
    "implicit": b"",
}
Certified = Callable[..., ssl.SSLContext]


def refused(server: ScriptedServer, **options: Any) -> Unavailable:
    feed = ListFeed([envelope(1)])
    with pytest.raises(Unavailable) as unavailable:
        carry(server, feed, user="us", password="hunter2", **options)
    assert feed.taken == []
    assert server.messages == []
    return unavailable.value


def behind(tls: str, context: ssl.SSLContext) -> ScriptedServer:
    return ScriptedServer(
        extensions=("STARTTLS", "AUTH PLAIN", *PIPELINED),
        tls=context,
        implicit_tls=tls == "implicit",
    )


def test_starttls_is_used_before_anything_is_said(certified: Certified, cafile: str) -> None:
    server = behind("starttls", certified("127.0.0.1"))
    feed = ListFeed([envelope(1)])
    carry(server, feed, tls="starttls", cafile=cafile, user="us", password="hunter2")
    words = [line.split(" ")[0] for line in server.heard]
    assert words == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
    assert feed.verdicts == {1: Verdict.SENT}


def test_tls_from_the_first_byte_is_accepted_with_the_authority_that_was_named(
    certified: Certified, cafile: str
) -> None:
    server, feed = behind("implicit", certified("127.0.0.1")), ListFeed([envelope(1)])
    carry(server, feed, tls="implicit", cafile=cafile)
    assert feed.verdicts == {1: Verdict.SENT}


def test_starttls_that_is_stripped_sends_nothing() -> None:
    server = ScriptedServer(extensions=("AUTH PLAIN", *PIPELINED))
    error = refused(server, tls="starttls")
    assert "STARTTLS" in str(error)
    assert error.outcome.verdict is Verdict.BLOCKED
    assert b"".join(server.chunks) == b"EHLO news.example.org\r\n"


@pytest.mark.parametrize("answer", [say("454 4.7.0 not now"), say("501 no"), HANGS_UP, say("what")])
def test_starttls_that_fails_sends_nothing(answer: Answer) -> None:
    server = ScriptedServer({"STARTTLS": [answer]}, ("STARTTLS", "AUTH PLAIN", *PIPELINED))
    refused(server, tls="starttls")
    assert b"".join(server.chunks) == IN_THE_CLEAR["starttls"]


def test_starttls_that_is_followed_by_no_tls_sends_nothing() -> None:
    """220, and then the server goes on in the clear: all it hears is the opening of TLS."""
    server = ScriptedServer(extensions=("STARTTLS", "AUTH PLAIN", *PIPELINED), tls=None)
    refused(server, tls="starttls")
    heard = b"".join(server.chunks)
    assert heard.startswith(IN_THE_CLEAR["starttls"])
    hello = heard.removeprefix(IN_THE_CLEAR["starttls"])
    assert hello[:2] in (b"", b"\x16\x03")  # a TLS handshake record
    assert b"AUTH" not in hello
    assert b"MAIL" not in hello


def test_text_injected_after_the_220_is_discarded(certified: Certified, cafile: str) -> None:
    injected = "220 go ahead\r\n250-mx.example.org\r\n250 SMTPUTF8\r\n250 ok\r\n250 ok\r\n354 go"
    server = ScriptedServer(
        {"STARTTLS": [say(injected)]}, ("STARTTLS",), tls=certified("127.0.0.1")
    )
    feed = ListFeed([envelope(1), international(2)])
    carry(server, feed, tls="starttls", cafile=cafile)
    assert feed.verdicts == {1: Verdict.SENT, 2: Verdict.REJECTED}
    assert server.messages == [envelope(1).content]


def test_a_login_that_is_offered_only_by_injected_text_is_not_tried(
    certified: Certified, cafile: str
) -> None:
    injected = "220 go ahead\r\n250-mx.example.org\r\n250 AUTH PLAIN\r\n235 welcome"
    server = ScriptedServer(
        {"STARTTLS": [say(injected)]}, ("STARTTLS",), tls=certified("127.0.0.1")
    )
    refused(server, tls="starttls", cafile=cafile)
    assert [line.split(" ")[0] for line in server.heard] == ["EHLO", "STARTTLS", "EHLO"]


@BOTH_KINDS
def test_a_certificate_of_an_unknown_authority_is_refused(certified: Certified, tls: str) -> None:
    server = behind(tls, certified("127.0.0.1"))
    error = refused(server, tls=tls)
    assert "certificate verify failed" in str(error)
    assert error.outcome.verdict is Verdict.BLOCKED
    assert b"".join(server.chunks) == IN_THE_CLEAR[tls]


@BOTH_KINDS
def test_a_certificate_that_signed_itself_is_refused(self_signed: ssl.SSLContext, tls: str) -> None:
    server = behind(tls, self_signed)
    assert "self-signed certificate" in str(refused(server, tls=tls))
    assert b"".join(server.chunks) == IN_THE_CLEAR[tls]


@BOTH_KINDS
def test_a_certificate_for_another_name_is_refused(
    certified: Certified, cafile: str, tls: str
) -> None:
    server = behind(tls, certified("mx.example.org"))
    assert "127.0.0.1" in str(refused(server, tls=tls, cafile=cafile))
    assert b"".join(server.chunks) == IN_THE_CLEAR[tls]


@BOTH_KINDS
def test_a_certificate_that_has_expired_is_refused(
    certified: Certified, cafile: str, tls: str
) -> None:
    server = behind(tls, certified("127.0.0.1", until=datetime.now(UTC) - timedelta(days=1)))
    assert "certificate has expired" in str(refused(server, tls=tls, cafile=cafile))
    assert b"".join(server.chunks) == IN_THE_CLEAR[tls]


def test_a_cafile_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    server = ScriptedServer()
    error = refused(server, tls="implicit", cafile=str(tmp_path / "nothing.pem"))
    assert "cafile" in str(error)
    assert server.sessions == 0
