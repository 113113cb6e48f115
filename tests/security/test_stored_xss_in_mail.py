"""Row "stored XSS": in the mail, on the page of an issue, and in what servers answer."""

from datetime import timedelta

import pytest

from newsletter import clock
from newsletter.installation import Installation
from newsletter.models import Delivery
from newsletter.models.delivery import DeliveryState
from newsletter.models.issue import IssueState
from tests import factories
from tests.security.hostile_mail import mail_saying, part
from tests.security.test_stored_xss import LIVE, PAYLOADS
from tests.web.admin.conftest import Browser


@pytest.mark.parametrize("text", PAYLOADS)
def test_no_markup_of_a_curator_lives_in_a_mail(installation: Installation, text: str) -> None:
    html = part(mail_saying(installation, text), "html")
    for live in LIVE:
        assert live not in html
    assert html.count("alert(1)") > 5 or "<!--" in text  # it is there, as text


@pytest.mark.parametrize("text", PAYLOADS)
def test_what_a_mail_server_answers_is_text(
    installation: Installation, owner: Browser, text: str
) -> None:
    now = clock.now()
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        issue = factories.issue(session, version, state=IssueState.SENDING)
        reader = factories.subscriber(session, installation.signer, "ann@example.org", name=text)
        session.add(
            Delivery(
                issue_id=issue.id,
                subscriber_id=reader.id,
                state=DeliveryState.FAILED,
                reason="rejected",
                reply=f"550 5.7.1 {text}",
                settled_at=now - timedelta(minutes=1),
            )
        )
    for path in ("/admin/issues/2026-11-23/progress", "/admin/subscribers/"):
        page = owner.get(path).text
        assert "alert(1)" in page or "&lt;!--" in page
        for live in LIVE:
            assert live not in page
