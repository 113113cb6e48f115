"""Lists of issues: in a stable order, a page at a time, without what is heavy."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect

from newsletter.db import Database
from newsletter.issues import listing
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.storage import Storage
from tests import factories

MONDAY = date(2026, 11, 23)
WEEK = timedelta(7)


@pytest.fixture
def issues(db: Database, tmp_path: Path) -> list[Issue]:
    """One of each state on a Monday of its own, and a correction on the first day."""
    with db.write() as session:
        version = factories.dataset(session, Storage(tmp_path / "storage"))
        made = [
            factories.issue(session, version, MONDAY + week * WEEK, state)
            for week, state in enumerate(IssueState)
        ]
        return [factories.issue(session, version, kind=Kind.CORRECTION), *made]


def test_issues_are_listed_by_their_slots_the_newest_first(
    db: Database, issues: list[Issue]
) -> None:
    with db.read() as session:
        listed = listing.issues(session)
        order = sorted(issues, key=lambda issue: (issue.date, issue.id), reverse=True)
        assert [issue.id for issue in listed] == [issue.id for issue in order]
        assert all({"page", "message"} <= inspect(issue).unloaded for issue in listed)


def test_what_has_begun_or_whose_day_has_passed_is_apart(db: Database, issues: list[Issue]) -> None:
    day = MONDAY + WEEK  # the planned one has passed, the late one is today's
    with db.read() as session:
        page = listing.begun_or_past(session, day, 1)
        assert page.total == len(issues) - 1
        assert IssueState.LATE not in {issue.state for issue in page.rows}


def test_the_issues_of_some_days_versions_and_states(db: Database, issues: list[Issue]) -> None:
    with db.read() as session:
        days = [MONDAY, MONDAY + WEEK, MONDAY + 50 * WEEK]
        on_days = listing.on_days(session, days, Kind.REGULAR)
        assert {day: issue.state for day, issue in on_days.items()} == {
            MONDAY: IssueState.PLANNED, MONDAY + WEEK: IssueState.LATE,
        }  # fmt: skip
        assert issues[0].version_id is not None
        assert len(listing.opening(session, [issues[0].version_id])) == len(issues)
        assert listing.opening(session, []) == []
        last = listing.in_states(session, [IssueState.LATE, IssueState.SENT], limit=1)
        assert [issue.state for issue in last] == [IssueState.SENT]
        since = listing.since(session, MONDAY + 4 * WEEK, Kind.REGULAR)
        assert [issue.state for issue in since] == [IssueState.CANCELLED, IssueState.SENT]
