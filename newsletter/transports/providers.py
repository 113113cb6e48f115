"""Every way to hand mail on: adding one is a transport in a module, and an entry here.

The settings, ``open_transport``, ``newsletter doctor`` and docs/mail.md read this list. It
imports no transport: each is loaded when it is opened.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from newsletter.extras import SES, Extra


@dataclass(frozen=True, slots=True)
class SenderDns:
    """What a provider wants in the DNS of those who send through it."""

    include: str  # in our SPF record
    selectors: tuple[str, ...] = ()  # of its DKIM keys, where every customer has the same
    own_return_path: bool = True  # it puts an envelope sender of its own on our mail


@dataclass(frozen=True, slots=True)
class Provider:
    title: str
    url_form: str  # how NEWSLETTER_MAIL_URL is written; its options are those that may be given
    transport: str  # module and class, below newsletter.transports
    schemes: tuple[str, ...] = ()  # of NEWSLETTER_MAIL_URL; none: one is another provider's SMTP
    smtp_domains: tuple[str, ...] = ()  # of the SMTP servers that it has
    dns: SenderDns | None = None
    extra: Extra | None = None  # without which its transport does not run


PROVIDERS = (
    Provider("a folder", "maildir:/var/mail/out", "maildir.MaildirTransport", ("maildir",)),
    Provider(
        "an SMTP server",
        "smtp://user:password@host:587",
        "smtp.transport.SmtpTransport",
        ("smtp", "smtps"),
    ),
    Provider(
        "Postmark",
        "postmark://TOKEN@?stream=broadcast",
        "postmark.PostmarkTransport",
        ("postmark",),
        ("postmarkapp.com",),
        SenderDns("spf.mtasv.net", ("pm",)),
    ),
    Provider(
        "Mailgun",
        "mailgun://KEY@DOMAIN?region=eu",
        "mailgun.MailgunTransport",
        ("mailgun",),
        ("mailgun.org",),
        SenderDns("mailgun.org", ("k1", "krs", "mx", "pic", "smtp", "mailo")),
    ),
    Provider(
        "SendGrid",
        "sendgrid://KEY@",
        "sendgrid.SendgridTransport",
        ("sendgrid",),
        ("sendgrid.net",),
        SenderDns("sendgrid.net", ("s1", "s2")),
    ),
    Provider(
        "Resend",
        "resend://KEY@",
        "resend.ResendTransport",
        ("resend",),
        ("resend.com",),
        SenderDns("amazonses.com", ("resend",)),
    ),
    Provider(
        "Amazon SES",
        "ses://REGION",
        "ses.SesTransport",
        ("ses",),
        ("amazonaws.com",),
        SenderDns("amazonses.com"),
        SES,
    ),
    Provider(
        "Google",
        "smtp://user@smtp.gmail.com:587?auth=xoauth2&token_file=PATH",
        "smtp.transport.SmtpTransport",
        smtp_domains=("gmail.com", "google.com"),
        dns=SenderDns("_spf.google.com", ("google",), own_return_path=False),
    ),
    Provider(
        "Microsoft",
        "smtp://user@smtp.office365.com:587?auth=xoauth2&token_file=PATH",
        "smtp.transport.SmtpTransport",
        smtp_domains=("office365.com", "outlook.com"),
        dns=SenderDns(
            "spf.protection.outlook.com", ("selector1", "selector2"), own_return_path=False
        ),
    ),
)
BY_SCHEME = {scheme: provider for provider in PROVIDERS for scheme in provider.schemes}
BY_SMTP_DOMAIN = {domain: provider for provider in PROVIDERS for domain in provider.smtp_domains}


def provider_behind(mail_url: str) -> Provider | None:
    """Who sends for us, by the scheme or by the host of an SMTP server; None: the scheme is
    no provider's."""
    parts = urlsplit(mail_url)
    provider = BY_SCHEME.get(parts.scheme)
    if provider is not None and provider.dns is not None:
        return provider
    domain = ".".join((parts.hostname or "").split(".")[-2:])
    return BY_SMTP_DOMAIN.get(domain, provider)
