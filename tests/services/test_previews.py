from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from newsletter import jobs
from newsletter.errors import NotFound
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.dataset import VersionState
from newsletter.services.planning import plan_dataset
from newsletter.services.previews import preview_message, preview_of
from tests import factories

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
MONDAY = date(2026, 11, 30)


@pytest.fixture
def planned(installation: Installation) -> Installation:
    with installation.db.write() as session:
        factories.dataset(session, installation.storage)
        factories.subscriber(session, installation.signer, "ann@example.org")
        plan_dataset(session, installation.settings, MONDAY, "penguins", NOW)
    return installation


def message(installation: Installation) -> EmailMessage:
    with installation.db.read() as session:
        raw = preview_message(
            session,
            calendar.get(session, MONDAY),
            installation.settings,
            installation.storage,
            NOW,
        )
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_it_is_the_mail_with_links_that_lead_nowhere(planned: Installation) -> None:
    preview = preview_of(planned, "2026-11-30")
    assert "penguins" in preview.subject
    assert "/unsubscribe/preview" in preview.text
    assert "data:image/png;base64," in preview.html
    assert "cid:" not in preview.html
    assert preview.problem == ""


def test_what_cannot_be_mailed_says_why(planned: Installation) -> None:
    with planned.db.write() as session:
        version = calendar.get(session, MONDAY).version
        assert version is not None
        version.state, version.keywords = VersionState.DRAFT, []
        version.tables.clear()
    preview = preview_of(planned, "2026-11-30")
    assert preview.problem
    assert (preview.text, preview.html) == ("", "")
    with pytest.raises(NotFound):
        preview_of(planned, "2026-12-07")


def test_once_frozen_it_is_what_was_frozen_in_parts_and_as_a_whole(planned: Installation) -> None:
    before = message(planned)
    jobs.publish_issue(planned, MONDAY, NOW)
    with planned.db.write() as session:
        version = calendar.get(session, MONDAY).version
        assert version is not None
        version.title = "Another title"
    frozen, preview = message(planned), preview_of(planned, "2026-11-30")
    assert frozen["Subject"] == preview.subject == before["Subject"]
    assert "Another title" not in preview.text + preview.html + frozen.as_string()
    assert frozen["Message-ID"] == before["Message-ID"]
    assert frozen["To"] == "reader@example.org"
