"""Row "template injection": in a mail, too, what people write is text."""

from email import message_from_bytes, policy
from html import unescape

import pytest

from newsletter import clock
from newsletter.email_address import parse_address
from newsletter.installation import Installation
from newsletter.mailing.frozen import Recipient
from newsletter.mailing.message import Headers, build
from newsletter.mailing.placeholders import REPLACEMENT, Placeholder
from newsletter.mailing.render import render_issue
from newsletter.settings import Settings
from tests import factories
from tests.mailing.sample import penguins_content
from tests.security.hostile_mail import mail_saying, part
from tests.security.test_template_injection import PAYLOADS


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_curators_braces_stay_braces_in_a_mail(installation: Installation, text: str) -> None:
    mail = mail_saying(installation, text)
    assert mail["Subject"] == text
    assert part(mail, "plain").count(text) > 5
    assert part(mail, "html").count(text.replace("'", "&#39;")) > 5
    assert "SECRET_KEY" not in str(mail)


def test_nobody_writes_a_hole_that_a_readers_token_would_fill(installation: Installation) -> None:
    marks = "".join(placeholder.value for placeholder in Placeholder)
    mail = mail_saying(installation, f"before {marks} after")
    for kind in ("plain", "html"):
        content = unescape(part(mail, kind))
        assert f"before {REPLACEMENT * len(marks)} after" in content
        # The token of a preview is the word itself: nothing but the two links may hold it.
        links = content.count("/unsubscribe/preview") + content.count("/preferences/preview")
        assert content.count("preview") == links > 1


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_readers_braces_stay_braces_in_a_mail(settings: Settings, name: str) -> None:
    headers = Headers.of_issue(settings, "monday", factories.MONDAY, clock.now())
    reader = Recipient(parse_address("ann@example.org"), name, "<1@example.org>", "t", "t")
    raw = build(render_issue(penguins_content()), headers, reader)
    (to,) = message_from_bytes(raw, policy=policy.default)["To"].addresses
    assert (to.display_name, to.addr_spec) == (name, "ann@example.org")
