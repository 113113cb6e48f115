"""Ways to hand a message on; ``open_transport`` picks one by its URL."""

from collections.abc import Callable

from newsletter.errors import BadSetting
from newsletter.transports.base import Transport
from newsletter.transports.maildir import MaildirTransport
from newsletter.transports.mailgun import MailgunTransport
from newsletter.transports.postmark import PostmarkTransport
from newsletter.transports.resend import ResendTransport
from newsletter.transports.sendgrid import SendgridTransport
from newsletter.transports.ses import SesTransport
from newsletter.transports.smtp.transport import SmtpTransport

PROVIDERS: dict[str, Callable[[str], Transport]] = {
    "mailgun": MailgunTransport.from_url,
    "postmark": PostmarkTransport.from_url,
    "resend": ResendTransport.from_url,
    "sendgrid": SendgridTransport.from_url,
    "ses": SesTransport.from_url,
}


def open_transport(mail_url: str, host: str) -> Transport:
    """The transport that ``mail_url`` names; ``host`` is our own name (RFC 5321 4.1.4).

    Raises BadSetting.
    """
    scheme, _, rest = mail_url.partition(":")
    match scheme:
        case "maildir":
            return MaildirTransport.from_url(rest)
        case "smtp" | "smtps":
            return SmtpTransport.from_url(mail_url, host)
        case _ if scheme in PROVIDERS:
            return PROVIDERS[scheme](mail_url)
    raise BadSetting(f"NEWSLETTER_MAIL_URL: there is no transport {scheme!r}")
