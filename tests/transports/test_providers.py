"""Who is behind a mail URL; and each provider is a transport and a line for operators."""

import re
from pathlib import Path

import pytest

from newsletter.transports import class_of
from newsletter.transports.providers import PROVIDERS, Provider, provider_behind

ROOT = Path(__file__).parents[2]
MAIL_PAGE = ROOT / "docs" / "mail.md"


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
        ("mailgun://KEY@mg.postmarkapp.com", "mailgun.org"),
        ("smtp://us:pw@mail.notmailgun.org.test", None),
        ("smtp://us:pw@relay.test", None),
        ("smtp://127.0.0.1", None),
        ("maildir:/var/mail/out", None),
    ],
)
def test_a_provider_is_known_by_its_scheme_or_by_its_smtp_server(
    mail_url: str, include: str | None
) -> None:
    provider = provider_behind(mail_url)
    dns = provider.dns if provider else None
    assert (dns.include if dns else None) == include


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.title)
def test_each_is_a_transport_and_has_a_line_for_operators(provider: Provider) -> None:
    assert callable(class_of(provider).from_url)
    assert provider.schemes or provider.smtp_domains
    assert provider.url_form.partition(":")[0] in (*provider.schemes, "smtp")
    page = MAIL_PAGE.read_text(encoding="utf-8")
    lines = re.findall(rf"^\| {re.escape(provider.title)} \|.+$", page, re.MULTILINE)
    assert len(lines) == 1
    assert all(f"`{scheme}:" in lines[0] for scheme in provider.schemes)
    if provider.extra:
        assert f"dataset-daily[{provider.extra.name}]" in lines[0]


def test_the_readme_names_each_that_has_a_scheme_of_its_own() -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    (sentence,) = re.findall(r"([^.]+) are \[other mail providers\]", readme)
    titles = re.split(r", | and ", sentence.strip())
    assert titles == [p.title for p in PROVIDERS if p.schemes and p.dns]
