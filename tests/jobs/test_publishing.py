"""An issue of which no message can be made is told of once, and holds back no other."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from newsletter.delivery.issue_run.freeze import freeze_issue
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.jobs import JOBS, publishing, run_all
from newsletter.models.issue import Issue, IssueState, Kind
from tests import factories
from tests.jobs.conftest import NOW, alerts

PUBLISH = [job for job in JOBS if job.name == "publish_due_issues"]


def _plan(installation: Installation) -> None:
    """Two issues that are due, a regular one and one of a post."""
    with installation.db.write() as session:
        bad = factories.dataset(session, installation.storage, "bad")
        good = factories.dataset(session, installation.storage, "good")
        factories.issue(session, bad, NOW.date(), IssueState.PLANNED)
        post = factories.post(session, good, columns=["species"])
        factories.issue(session, good, NOW.date(), IssueState.PLANNED, kind=Kind.POST, post=post)


def _fails_at_the_end(session: Session, issue: Issue, *rest: Any, **more: Any) -> bool:
    is_begun = freeze_issue(session, issue, *rest, **more)
    if issue.kind is Kind.REGULAR:
        raise RecursionError
    return is_begun


def test_one_that_cannot_be_made_holds_back_no_other(
    installation: Installation,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _plan(installation)
    monkeypatch.setattr(publishing, "freeze_issue", _fails_at_the_end)
    for minutes in range(2):
        now = NOW + timedelta(minutes=minutes)
        assert run_all(installation, now, PUBLISH) == PUBLISH
    with installation.db.read() as session:
        states = {
            kind: calendar.get(session, NOW.date(), kind).state
            for kind in (Kind.REGULAR, Kind.POST)
        }
    assert states[Kind.REGULAR] is IssueState.PLANNED
    assert states[Kind.POST] is IssueState.SENDING
    made = alerts(installation)
    assert [notice.subject for notice in made] == ["The issue of 2026-11-23 could not be sent"] * 2
    assert "RecursionError" in made[0].lines[0]
    failures = [r for r in caplog.records if r.__dict__.get("event") == "job_item_failed"]
    assert [r.__dict__["item"] for r in failures] == ["the issue of 2026-11-23"] * 2
