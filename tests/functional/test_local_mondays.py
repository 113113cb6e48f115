"""Mondays at nine of each reader's own clock, from the looking clock to the sending worker."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter import jobs
from newsletter.delivery.issue_run.progress import progress
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.delivery import Delivery
from newsletter.models.issue import IssueState
from newsletter.models.subscriber import Subscriber
from newsletter.settings import Settings
from tests import factories
from tests.migrated import migrate

MONDAY = date(2026, 11, 30)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
TOKYO = datetime(2026, 11, 30, 0, tzinfo=UTC)
NEW_YORK = datetime(2026, 11, 30, 14, tzinfo=UTC)  # the list's
HONOLULU = datetime(2026, 11, 30, 19, tzinfo=UTC)


@pytest.fixture
def installation(environ: dict[str, str], database_url: str) -> Iterator[Installation]:
    """An issue is planned, and there is a reader in Tokyo, in Honolulu and of no zone."""
    settings = {
        "DATABASE_URL": database_url,
        "NEWSLETTER_TIMEZONE": "America/New_York",
        "NEWSLETTER_SEND_AT": "mon 09:00 local",
    }
    opened = Installation.open(Settings.load(environ | settings))
    migrate(opened.db)
    with opened.db.write() as session:
        version = factories.dataset(session, opened.storage)
        calendar.plan(session, MONDAY, version, date(2026, 11, 23), factories.LONG_AGO)
        for name, zone in (("ken", "Asia/Tokyo"), ("kai", "Pacific/Honolulu"), ("ann", None)):
            factories.subscriber(session, opened.signer, f"{name}@example.org", timezone=zone)
    yield opened
    opened.db.close()


def state(installation: Installation) -> IssueState:
    with installation.db.read() as session:
        return calendar.get(session, MONDAY).state


def due(installation: Installation) -> dict[str, datetime | None]:
    rows = select(Subscriber.address, Delivery.not_before).join(
        Delivery, Delivery.subscriber_id == Subscriber.id
    )
    with installation.db.read() as session:
        return {address.partition("@")[0]: at for address, at in session.execute(rows)}


def test_the_issue_begins_with_its_first_wave_and_closes_after_its_last(
    installation: Installation, tmp_path: Path
) -> None:
    def send(now: datetime) -> int:
        return jobs.deliver(installation, now=lambda: now)

    assert jobs.publish_due_issues(installation, TOKYO - SECOND) == []
    assert jobs.publish_due_issues(installation, TOKYO) == [MONDAY]
    assert due(installation) == {"ken": TOKYO, "ann": NEW_YORK, "kai": HONOLULU}
    assert [send(TOKYO), send(NEW_YORK - SECOND), send(NEW_YORK)] == [1, 0, 1]
    assert state(installation) is IssueState.SENDING
    with installation.db.read() as session:
        standing = progress(session, calendar.get(session, MONDAY), NEW_YORK + HOUR)
    assert (standing.waiting, standing.next_try) == (1, HONOLULU)
    assert send(HONOLULU) == 1
    assert state(installation) is IssueState.SENT


def test_a_curator_who_sends_it_now_sends_it_to_all(installation: Installation) -> None:
    now = TOKYO - 12 * HOUR
    jobs.publish_issue(installation, MONDAY, now)
    assert set(due(installation).values()) == {now}
    assert jobs.deliver(installation, now=lambda: now) == 3


def test_a_late_beginning_waits_for_no_wave_that_has_passed(installation: Installation) -> None:
    late = NEW_YORK + HOUR
    assert jobs.publish_due_issues(installation, late) == [MONDAY]
    assert due(installation) == {"ken": late, "ann": late, "kai": HONOLULU}


def test_after_the_deadline_of_the_list_a_curator_decides(installation: Installation) -> None:
    assert jobs.publish_due_issues(installation, NEW_YORK + 12 * HOUR + SECOND) == []
    assert state(installation) is IssueState.LATE
