"""Readers, and an issue that is being sent to them."""

from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from newsletter.delivery.issue_run.enrol import enrol
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.models.subscriber import Subscriber
from newsletter.tokens import Signer
from tests import factories

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = NOW.date()
signer = Signer("a secret for the tests, 0123456789")


def readers(session: Session, count: int) -> list[Subscriber]:
    return [
        factories.subscriber(session, signer, f"reader{number}@example.org")
        for number in range(count)
    ]


def sending(session: Session, day: date = TODAY, kind: Kind = Kind.REGULAR) -> Issue:
    """An issue that froze at NOW for whoever is to have it."""
    issue = Issue(kind=kind, date=day, state=IssueState.SENDING, created_at=NOW, frozen_at=NOW)
    session.add(issue)
    session.flush()
    issue.candidates = enrol(session, issue, NOW)
    return issue
