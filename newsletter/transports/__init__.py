"""Ways to hand a message on; ``open_transport`` picks one by its URL."""

from newsletter.errors import BadSetting
from newsletter.transports.base import Transport
from newsletter.transports.maildir import MaildirTransport
from newsletter.transports.smtp import SmtpTransport


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
    raise BadSetting(f"NEWSLETTER_MAIL_URL: there is no transport {scheme!r}")
