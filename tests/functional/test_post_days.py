"""A post goes out at the list's time of its own day, whatever the clocks on the wall do."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from newsletter import jobs
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.issue import IssueState, Kind
from newsletter.models.post import PostState
from newsletter.models.subscriber import Cadence
from newsletter.settings import Settings
from tests import factories
from tests.migrated import migrate

SECOND = timedelta(seconds=1)


def _at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.fixture
def planned(
    request: pytest.FixtureRequest, environ: dict[str, str]
) -> Iterator[tuple[Installation, date]]:
    """A post on a day, at a wall-clock time of a zone, and a reader who wants each of them."""
    zone, wall, day = request.param
    settings = {"NEWSLETTER_TIMEZONE": zone, "NEWSLETTER_SEND_AT": f"mon {wall}"}
    opened = Installation.open(Settings.load(environ | settings))
    migrate(opened.db)
    on = date.fromisoformat(day)
    with opened.db.write() as session:
        version = factories.dataset(session, opened.storage)
        post = factories.post(session, version, state=PostState.DRAFT)
        calendar.plan_post(session, on, post, on, factories.LONG_AGO)
        factories.subscriber(session, opened.signer, "ann@example.org", cadence=Cadence.DAILY)
    yield opened, on
    opened.db.close()


@pytest.mark.parametrize(
    ("planned", "moment"),
    [
        (("UTC", "09:00", "2026-11-24"), "2026-11-24 09:00"),
        (("America/New_York", "09:00", "2026-10-31"), "2026-10-31 13:00"),  # a day before
        (("America/New_York", "09:00", "2026-11-01"), "2026-11-01 14:00"),  # the day itself
        (("America/New_York", "01:30", "2026-11-01"), "2026-11-01 05:30"),  # twice: the first
        (("America/New_York", "02:30", "2027-03-14"), "2027-03-14 07:30"),  # never: after it
        (("Africa/Cairo", "00:30", "2027-04-30"), "2027-04-29 22:30"),  # a Friday at midnight
        (("Australia/Lord_Howe", "02:15", "2026-10-04"), "2026-10-03 15:45"),  # by half an hour
    ],
    indirect=["planned"],
)
def test_a_post_begins_at_its_moment_and_once(
    planned: tuple[Installation, date], moment: str
) -> None:
    installation, day = planned
    now = _at(moment)
    assert jobs.publish_due_issues(installation, now - SECOND) == []
    assert jobs.publish_due_issues(installation, now) == [day]
    assert jobs.publish_due_issues(installation, now + timedelta(hours=1)) == []
    assert jobs.deliver(installation, now=lambda: now) == 1
    with installation.db.read() as session:
        assert calendar.get(session, day, Kind.POST).state is IssueState.SENT


@pytest.mark.parametrize("planned", [("UTC", "09:00", "2026-11-24")], indirect=True)
def test_after_the_deadline_a_curator_decides(planned: tuple[Installation, date]) -> None:
    installation, day = planned
    assert jobs.publish_due_issues(installation, _at("2026-11-25 12:00")) == []
    with installation.db.read() as session:
        issue = calendar.get(session, day, Kind.POST)
        assert issue.state is IssueState.LATE
        assert issue.post is not None
        assert issue.post.state is PostState.DRAFT
