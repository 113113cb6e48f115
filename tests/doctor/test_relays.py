"""Which relay is behind a way out."""

import pytest

from newsletter.doctor.relays import known_relay


@pytest.mark.parametrize(
    ("mail_url", "include"),
    [
        ("postmark://KEY@", "spf.mtasv.net"),
        ("mailgun://KEY@mg.news.test", "mailgun.org"),
        ("sendgrid://KEY@", "sendgrid.net"),
        ("ses://eu-west-1", "amazonses.com"),
        ("smtp://us:pw@smtp.postmarkapp.com:587", "spf.mtasv.net"),
        ("smtps://us:pw@smtp.eu.mailgun.org", "mailgun.org"),
        ("smtp://us:pw@email-smtp.eu-west-1.amazonaws.com", "amazonses.com"),
        ("smtp://us@smtp.gmail.com:587?auth=xoauth2&token_file=/t", "_spf.google.com"),
        ("smtp://us:pw@smtp.office365.com", "spf.protection.outlook.com"),
        ("smtp://us:pw@mail.notmailgun.org.test", None),
        ("smtp://us:pw@relay.test", None),
        ("smtp://127.0.0.1", None),
    ],
)
def test_a_relay_is_known_by_its_scheme_or_its_host(mail_url: str, include: str | None) -> None:
    relay = known_relay(mail_url)
    assert (relay.include if relay else None) == include
