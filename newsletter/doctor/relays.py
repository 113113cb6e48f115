"""What the known relays want in the DNS of those who send through them."""

from dataclasses import dataclass
from urllib.parse import urlsplit

USUAL_SELECTORS = ("default", "mail", "dkim", "s1", "s2", "k1", "selector1", "selector2", "google")


@dataclass(frozen=True, slots=True)
class Relay:
    name: str
    include: str  # in our SPF record
    selectors: tuple[str, ...] = ()  # of its DKIM keys, where every customer has the same
    own_return_path: bool = True  # it puts an envelope sender of its own on our mail


POSTMARK = Relay("Postmark", "spf.mtasv.net", ("pm",))
MAILGUN = Relay("Mailgun", "mailgun.org", ("k1", "krs", "mx", "pic", "smtp", "mailo"))
SENDGRID = Relay("SendGrid", "sendgrid.net", ("s1", "s2"))
RESEND = Relay("Resend", "amazonses.com", ("resend",))
SES = Relay("Amazon SES", "amazonses.com")
GOOGLE = Relay("Google", "_spf.google.com", ("google",), own_return_path=False)
MICROSOFT = Relay(
    "Microsoft", "spf.protection.outlook.com", ("selector1", "selector2"), own_return_path=False
)

BY_SCHEME = {
    "postmark": POSTMARK,
    "mailgun": MAILGUN,
    "sendgrid": SENDGRID,
    "resend": RESEND,
    "ses": SES,
}
BY_DOMAIN = {
    "postmarkapp.com": POSTMARK,
    "mailgun.org": MAILGUN,
    "sendgrid.net": SENDGRID,
    "resend.com": RESEND,
    "amazonaws.com": SES,
    "gmail.com": GOOGLE,
    "google.com": GOOGLE,
    "office365.com": MICROSOFT,
    "outlook.com": MICROSOFT,
}


def known_relay(mail_url: str) -> Relay | None:
    """The relay behind a scheme, or behind the host of an SMTP server."""
    parts = urlsplit(mail_url)
    if parts.scheme in BY_SCHEME:
        return BY_SCHEME[parts.scheme]
    domain = ".".join((parts.hostname or "").split(".")[-2:])
    return BY_DOMAIN.get(domain)
