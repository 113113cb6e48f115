"""Opening the way to a server: its address, encryption that is required, and who we are."""

import base64
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.errors import BadSetting
from newsletter.transports.base import Unavailable, Verdict
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_replies import Phase
from tests.transports.feeds import ListFeed, envelope
from tests.transports.scripted import HANGS_UP, ScriptedServer, say
from tests.transports.talking import PIPELINED, carry, impatient, international

# Encryption and authentication.


def test_starttls_is_used_before_anything_is_said(
    certified: Callable[[str], ssl.SSLContext], cafile: str
) -> None:
    server = ScriptedServer(
        extensions=("STARTTLS", "AUTH PLAIN", *PIPELINED), tls=certified("127.0.0.1")
    )
    feed = ListFeed([envelope(1)])
    carry(server, feed, tls="starttls", cafile=cafile, user="us", password="hunter2")
    words = [line.split(" ")[0] for line in server.heard]
    assert words == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
    assert feed.verdicts == {1: Verdict.SENT}


def refused_before_anything(server: ScriptedServer, **options: object) -> Unavailable:
    feed = ListFeed([envelope(1)])
    with pytest.raises(Unavailable) as unavailable:
        carry(server, feed, user="us", password="hunter2", **options)
    assert feed.taken == []
    assert not {"AUTH", "MAIL", "RCPT", "DATA"} & {line.split(" ")[0] for line in server.heard}
    return unavailable.value


def test_starttls_that_is_not_offered_sends_nothing() -> None:
    error = refused_before_anything(
        ScriptedServer(extensions=("AUTH PLAIN", *PIPELINED)), tls="starttls"
    )
    assert "STARTTLS" in str(error)
    assert error.outcome.verdict is Verdict.BLOCKED


@pytest.mark.parametrize("answer", [say("454 4.7.0 not now"), say("501 no"), HANGS_UP, say("what")])
def test_starttls_that_fails_sends_nothing(answer: object) -> None:
    refused_before_anything(
        ScriptedServer({"STARTTLS": [answer]}, ("STARTTLS", *PIPELINED)),  # type: ignore[list-item]
        tls="starttls",
    )


def test_starttls_that_is_followed_by_no_tls_sends_nothing() -> None:
    """220, and then the server goes on in the clear."""
    server = ScriptedServer(extensions=("STARTTLS", *PIPELINED), tls=None)
    refused_before_anything(server, tls="starttls", timeouts=impatient(Phase.CONNECT))


def test_text_injected_after_the_220_is_discarded(
    certified: Callable[[str], ssl.SSLContext], cafile: str
) -> None:
    injected = "220 go ahead\r\n250-mx.example.org\r\n250 SMTPUTF8\r\n250 ok\r\n250 ok\r\n354 go"
    server = ScriptedServer(
        {"STARTTLS": [say(injected)]}, ("STARTTLS",), tls=certified("127.0.0.1")
    )
    feed = ListFeed([envelope(1), international(2)])
    carry(server, feed, tls="starttls", cafile=cafile)
    assert feed.verdicts == {1: Verdict.SENT, 2: Verdict.REJECTED}
    assert server.messages == [envelope(1).content]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_of_an_unknown_authority_is_refused(
    certified: Callable[[str], ssl.SSLContext], tls: str
) -> None:
    server = ScriptedServer(
        extensions=("STARTTLS", *PIPELINED),
        tls=certified("127.0.0.1"),
        implicit_tls=tls == "implicit",
    )
    assert "certificate verify failed" in str(refused_before_anything(server, tls=tls))


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_for_another_name_is_refused(
    certified: Callable[[str], ssl.SSLContext], cafile: str, tls: str
) -> None:
    server = ScriptedServer(
        extensions=("STARTTLS", *PIPELINED),
        tls=certified("mx.example.org"),
        implicit_tls=tls == "implicit",
    )
    assert "127.0.0.1" in str(refused_before_anything(server, tls=tls, cafile=cafile))


def test_tls_from_the_first_byte_is_accepted_with_the_authority_that_was_named(
    certified: Callable[[str], ssl.SSLContext], cafile: str
) -> None:
    server, feed = (
        ScriptedServer(tls=certified("127.0.0.1"), implicit_tls=True),
        ListFeed([envelope(1)]),
    )
    carry(server, feed, tls="implicit", cafile=cafile)
    assert feed.verdicts == {1: Verdict.SENT}


def test_a_cafile_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    error = refused_before_anything(
        ScriptedServer(), tls="implicit", cafile=str(tmp_path / "nothing.pem")
    )
    assert "cafile" in str(error)


@pytest.mark.parametrize(
    ("offered", "heard"),
    [
        ("AUTH PLAIN LOGIN", ["AUTH PLAIN AHVzAGh1bnRlcjI="]),
        ("AUTH LOGIN", ["AUTH LOGIN", "dXM=", "aHVudGVyMg=="]),
        ("AUTH login plain", ["AUTH PLAIN AHVzAGh1bnRlcjI="]),
    ],
)
def test_it_says_who_we_are_in_a_way_that_is_offered(offered: str, heard: list[str]) -> None:
    server, feed = ScriptedServer(extensions=(*PIPELINED, offered)), ListFeed([envelope(1)])
    carry(server, feed, user="us", password="hunter2")
    assert server.heard[1 : 1 + len(heard)] == heard
    assert base64.b64decode("AHVzAGh1bnRlcjI=") == b"\0us\0hunter2"
    assert feed.verdicts == {1: Verdict.SENT}


# The address of the server.


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("smtp://relay.example", "relay.example", 25, "starttls"),
        ("smtp://us:pw@relay.example", "relay.example", 587, "starttls"),
        ("smtp://relay.example:2525", "relay.example", 2525, "starttls"),
        ("smtp://localhost", "localhost", 25, "none"),
        ("smtp://127.0.0.1:1025", "127.0.0.1", 1025, "none"),
        ("smtp://[::1]:1025", "::1", 1025, "none"),
        ("smtp://localhost?tls=starttls", "localhost", 25, "starttls"),
        ("smtp://relay.example?tls=none", "relay.example", 25, "none"),
        ("smtps://relay.example", "relay.example", 465, "implicit"),
        ("smtps://localhost", "localhost", 465, "implicit"),
        ("smtps://us:pw@relay.example", "relay.example", 465, "implicit"),
    ],
)
def test_encryption_is_required_except_on_this_machine(
    url: str, host: str, port: int, tls: str
) -> None:
    way = SmtpTransport.from_url(url, "news.example.org")
    assert (way.host, way.port, way.tls) == (host, port, tls)


def test_user_and_password_are_unquoted_and_never_shown() -> None:
    way = SmtpTransport.from_url("smtp://us%40example:p%2Fw%3A%20x@relay.example", "us")
    assert (way.user, way.password) == ("us@example", "p/w: x")
    assert "p/w" not in repr(way)
    assert way.describe() == "relay.example:587"


@pytest.mark.parametrize(
    "url",
    [
        "smtp://",
        "smtp://relay.example:port",
        "smtp://relay.example:99999",
        "smtp://relay.example?tls=maybe",
        "smtp://relay.example?tsl=none",
        "smtps://relay.example?tls=none",
    ],
)
def test_it_refuses_an_address_that_it_would_not_keep_to(url: str) -> None:
    with pytest.raises(BadSetting, match="NEWSLETTER_MAIL_URL"):
        SmtpTransport.from_url(url, "news.example.org")
