"""Envelopes of messages that were composed as the program composes them."""

from datetime import date

from newsletter.email_address import parse_address
from newsletter.mailing.content import InlineImage
from newsletter.mailing.frozen import Recipient
from newsletter.mailing.message import Headers, build
from newsletter.mailing.placeholders import Placeholder
from newsletter.mailing.render import RenderedMail
from newsletter.settings import Settings
from newsletter.transports.base import Envelope
from tests.mailing.sample import SENT_AT, png

PNG = png(4, 2)
CHART = InlineImage(cid="chart@issue", png=PNG, width=4, height=2, alt="a chart")
TEXT = f"Grüße, 344 penguins.\n.dot\n{Placeholder.UNSUBSCRIBE.value}\n"
HTML = f'<p>Grüße</p><img src="cid:chart@issue"><a href="{Placeholder.UNSUBSCRIBE.value}">leave</a>'
TOKEN = "u" * 200
SENDER = "list@news.example.org"


SETTINGS = Settings.load(
    {
        "SECRET_KEY": "0123456789abcdef0123456789abcdef",
        "NEWSLETTER_BASE_URL": "https://news.example.org",
        "NEWSLETTER_MAIL_FROM": f'"Dätaset, Daily" <{SENDER}>',
    }
)


def issue(number: int) -> Envelope:
    """An issue with an image, to reader ``number``."""
    headers = Headers.of_issue(SETTINGS, "monday", date(2026, 11, 23), SENT_AT)
    mail = RenderedMail("Pinguïns", TEXT, HTML, (CHART,))
    return _envelope(number, mail, headers)


def notice(number: int) -> Envelope:
    """A confirmation: it goes to one person, without an image."""
    mail = RenderedMail("Confirm", "yes?\n", "<p>yes?</p>")
    return _envelope(number, mail, Headers.of_notice(SETTINGS, SENT_AT))


def _envelope(number: int, mail: RenderedMail, headers: Headers) -> Envelope:
    address = parse_address(f"reader{number}@example.org")
    recipient = Recipient(address, "Ann", f"<{number:032x}@news.example.org>", TOKEN, TOKEN)
    content = build(mail, headers, recipient)
    return Envelope(("delivery", number), SENDER, str(address), recipient.message_id, [content])
