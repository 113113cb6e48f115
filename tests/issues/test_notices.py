"""Mails that one person is owed: each kind can be kept, and says something."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.audience import links
from newsletter.curators import accounts, logins
from newsletter.db import Database
from newsletter.issues.notices import render_notice
from newsletter.models.curator import Role
from newsletter.models.delivery import Notice, NoticeKind
from newsletter.models.issue import IssueState
from newsletter.settings import Settings
from newsletter.storage import Storage
from newsletter.tokens import Signer
from tests import factories

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIGNER = Signer("a secret for the tests")
# What each says that no other does.
WORDS = {
    NoticeKind.CONFIRMATION: "https://news.example.org/confirm/",
    NoticeKind.ALERT: "Open the admin",
    NoticeKind.TEST: "The penguins of the archipelago",
    NoticeKind.ANSWER: "The curator adds",
    NoticeKind.RESET: "https://news.example.org/admin/password/",
}


@pytest.mark.parametrize("kind", NoticeKind)
def test_each_kind_is_allowed_by_the_database_and_rendered(
    db: Database, settings: Settings, tmp_path: Path, kind: NoticeKind
) -> None:
    storage = Storage(tmp_path / "storage")
    with db.write() as session:
        version = factories.dataset(session, storage)
        issue = factories.issue(session, version, date(2026, 11, 30), IssueState.PLANNED)
        notice = Notice(
            kind=kind,
            address="ann@example.org",
            subject="Seals",
            lines=["One line.", "Another."],
            path="/datasets/penguins",
            subscriber_id=factories.subscriber(session, SIGNER, "ann@example.org").id,
            issue_id=issue.id,
            curator_id=accounts.add_curator(session, "o@example.org", Role.OWNER, None, NOW).id,
            created_at=NOW,
            not_before=NOW,
        )
        session.add(notice)
        session.flush()
        mail = render_notice(session, notice, settings, storage, SIGNER, NOW)
    assert mail.subject
    assert mail.html
    assert WORDS[kind] in mail.text


def test_a_link_is_good_from_when_it_is_mailed_on(
    sqlite_db: Database, settings: Settings, tmp_path: Path
) -> None:
    """A mail may wait for its turn: for a day on which more may go out, or for a server."""
    later = NOW + timedelta(days=20)
    storage = Storage(tmp_path / "storage")
    with sqlite_db.write() as session:
        ann = factories.subscriber(session, SIGNER, "ann@example.org")
        owner = accounts.add_curator(session, "o@example.org", Role.OWNER, None, NOW)
        rows = {
            "confirm": Notice(kind=NoticeKind.CONFIRMATION, subscriber_id=ann.id),
            "password": Notice(kind=NoticeKind.RESET, curator_id=owner.id),
        }
        tokens = {}
        for word, notice in rows.items():
            notice.subject, notice.created_at = "Seals", NOW
            text = render_notice(session, notice, settings, storage, SIGNER, later).text
            tokens[word] = re.findall(rf"/{word}/([\w-]+)", text)[0]
        assert links.by_token(session, SIGNER, links.CONFIRM, tokens["confirm"], later) is ann
        assert logins.by_reset_token(session, SIGNER, tokens["password"], later) is owner
