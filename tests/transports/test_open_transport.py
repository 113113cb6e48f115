"""How each transport is named, and that a misspelt one is refused without its secret."""

import builtins
from typing import Any

import pytest

from newsletter.errors import BadSetting, MissingExtra
from newsletter.settings import Settings
from newsletter.transports import open_transport
from newsletter.transports.http import HttpTransport
from newsletter.transports.providers import BY_SCHEME

SECRET = "hunter2"
HOST = "news.example.org"
SPELT = {
    "maildir": ("maildir:/tmp/out", "the folder /tmp/out"),
    "smtp": ("smtp://u:hunter2@relay.example:587", "relay.example:587"),
    "smtps": ("smtps://u:hunter2@relay.example", "relay.example:465"),
    "postmark": ("postmark://hunter2@", "Postmark (api.postmarkapp.com)"),
    "mailgun": ("mailgun://hunter2@mg.example.org", "Mailgun (api.mailgun.net)"),
    "sendgrid": ("sendgrid://hunter2@", "SendGrid (api.sendgrid.com)"),
    "resend": ("resend://hunter2@", "Resend (api.resend.com)"),
    "ses": ("ses://eu-west-1", "Amazon SES (eu-west-1)"),
}


@pytest.mark.parametrize("scheme", BY_SCHEME)
def test_each_scheme_that_the_settings_take_opens(scheme: str) -> None:
    url, described = SPELT[scheme]
    assert Settings.load({"NEWSLETTER_MAIL_URL": url, "SECRET_KEY": "0123456789ab" * 3}).mail_url
    transport = open_transport(url, HOST)
    assert transport.describe() == described
    assert SECRET not in repr(transport)


def test_the_options_of_a_provider_are_read() -> None:
    europe = open_transport("mailgun://k@mg.example.org?region=eu", HOST)
    assert europe.describe() == "Mailgun (api.eu.mailgun.net)"
    near = open_transport("resend://k@?endpoint=http://127.0.0.1:8025/", HOST)
    assert near.describe() == "Resend (127.0.0.1:8025)"


def test_a_key_with_marks_in_it_is_percent_encoded() -> None:
    transport = open_transport("sendgrid://a%2Fb%3Ac@", HOST)
    assert isinstance(transport, HttpTransport)
    assert transport.url.key == "a/b:c"


@pytest.mark.parametrize(
    "url",
    [
        "postmark://",
        "postmark://hunter2",
        "postmark://hunter2@elsewhere.example",
        "postmark://hunter2@?server=1",
        "postmark://hunter2@?stream=a&stream=b",
        "postmark://hunter2:more@",
        "postmark://hunter2@#x",
        "postmark://hunter2@/v1",
        "postmark://hunter2%0d%0aX-Header:1@",
        "postmark://hunter2%20@",
        "postmark://hunter2é@",
        "postmark://hunter2@?stream",
        "mailgun://hunter2@",
        "mailgun://mg.example.org",
        "mailgun://hunter2@mg.example.org?region=mars",
        "mailgun://hunter2@mg.example.org:99",
        "mailgun://hunter2@[mg",
        "mailgun://hunter2@ex\u2100mple.org",
        "sendgrid://hunter2@?stream=a",
        "resend://hunter2@?endpoint=http://192.0.2.1:80",
        "resend://hunter2@?endpoint=http://api.resend.com",
        "resend://hunter2@?endpoint=file:///etc/passwd",
        "resend://hunter2@?endpoint=",
        "ses://",
        "ses://hunter2@eu-west-1",
        "ses://eu_west_1",
    ],
)
def test_a_misspelt_provider_is_one_line_without_the_secret(url: str) -> None:
    with pytest.raises(BadSetting, match="NEWSLETTER_MAIL_URL: ") as caught:
        open_transport(url, HOST)
    said = str(caught.value)
    assert SECRET not in said
    assert "\n" not in said
    assert caught.value.__suppress_context__ or SECRET not in repr(caught.value.__context__)


def test_ses_without_boto3_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without_boto3(name: str, *rest: Any) -> Any:
        if name.startswith("boto"):
            raise ImportError(name)
        return real_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_boto3)
    with pytest.raises(MissingExtra, match=r"pip install 'dataset-daily\[ses\]'"):
        open_transport("ses://eu-west-1", HOST)
