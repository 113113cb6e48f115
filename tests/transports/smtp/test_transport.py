"""How an SMTP server is named in a setting, and what is taken from that."""

from pathlib import Path

import pytest

from newsletter.errors import BadSetting
from newsletter.transports.smtp.transport import SmtpTransport


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


def test_a_token_is_taken_from_the_file_that_is_named() -> None:
    way = SmtpTransport.from_url(
        "smtp://us%40example.org@relay.example?auth=xoauth2&token_file=/run/secrets/token", "us"
    )
    assert (way.user, way.port, way.tls) == ("us@example.org", 587, "starttls")
    assert way.token_file == Path("/run/secrets/token")


@pytest.mark.parametrize(
    "url",
    [
        "smtp://us@relay.example?auth=xoauth2",
        "smtp://us@relay.example?token_file=/token",
        "smtp://us@relay.example?auth=cram&token_file=/token",
        "smtp://relay.example?auth=xoauth2&token_file=/token",
        "smtp://us:hunter2@relay.example?auth=xoauth2&token_file=/token",
        "smtp://us@relay.example?auth=xoauth2&token_file=/token&tls=none",
    ],
)
def test_it_refuses_a_token_that_would_not_be_used_or_would_be_heard(url: str) -> None:
    with pytest.raises(BadSetting, match=r"NEWSLETTER_MAIL_URL: .*access token") as refused:
        SmtpTransport.from_url(url, "news.example.org")
    assert "hunter2" not in str(refused.value)
