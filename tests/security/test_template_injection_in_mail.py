"""Row "template injection": in a mail, too, what people write is text."""

from email.message import EmailMessage

import pytest

from newsletter.addresses import parse_address
from newsletter.installation import Installation
from newsletter.issues.frozen import Recipient
from newsletter.issues.holes import REPLACEMENT, Hole
from newsletter.issues.message import Headers, freeze
from newsletter.issues.render import render_mail
from tests.security.hostile_mail import mail_saying, part
from tests.security.test_template_injection import PAYLOADS


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_curators_braces_stay_braces(installation: Installation, text: str) -> None:
    mail = mail_saying(installation, text)
    assert mail["Subject"] == text
    assert part(mail, "plain").count(text) > 5
    assert part(mail, "html").count(text.replace("'", "&#39;")) > 5
    assert "SECRET_KEY" not in str(mail)


def test_nobody_writes_a_hole_that_a_readers_token_would_fill(installation: Installation) -> None:
    marks = "".join(hole.value for hole in Hole)
    mail = mail_saying(installation, f"before {marks} after")
    plain = part(mail, "plain")
    assert f"before {REPLACEMENT * len(marks)} after" in plain
    # A stranger's token is the word "preview": it is in the two links alone.
    assert plain.count("preview") == part(mail_saying_nothing(installation), "plain").count(
        "preview"
    )


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_readers_braces_stay_braces(installation: Installation, name: str) -> None:
    rendered = render_mail("alert", list_title="T", postal_address="P", subject="S", lines=[name],
                           action_label="A", action_url="https://news.example.org/")  # fmt: skip
    headers = Headers.of_issue(installation.settings, "monday", *when())
    reader = Recipient(parse_address("ann@example.org"), name, "<1@example.org>", "t", "t")
    mail = parsed(freeze(rendered, headers).fill(reader))
    (to,) = mail["To"].addresses
    assert to.display_name == name
    assert name in part(mail, "plain")
