"""Each slot is published exactly once: however many clocks look, however often, whatever
the clocks on the wall do."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from newsletter import jobs
from newsletter.db import Database
from newsletter.installation import Installation
from newsletter.issues import calendar, listing
from newsletter.issues.schedule import moment, mondays_from
from newsletter.models.delivery import Delivery
from newsletter.models.issue import Issue, IssueState
from newsletter.settings import Settings
from tests import factories
from tests.crash.stand import processes
from tests.functional.clock_process import look_when_asked
from tests.functional.lists import add_readers
from tests.migrated import migrate

CLOCKS = 8
START = date(2026, 11, 30)
ZONES = [
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Gaza",
]


def _planned(environ: dict[str, str], mondays: list[date]) -> Installation:
    """An installation with a ready dataset planned for each of the Mondays, and 3 readers."""
    installation = Installation.open(Settings.load(environ))
    migrate(installation.db)
    now = datetime(2026, 11, 1, tzinfo=UTC)
    add_readers(installation, 3, now)
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        for monday in mondays:
            calendar.plan(session, monday, version, now.date(), now)
    return installation


def _deliveries(db: Database) -> dict[date, int]:
    with db.read() as session:
        rows = select(Issue.date, func.count()).join(Delivery).group_by(Issue.date)
        return dict(session.execute(rows).all())


class Clock:
    """A clock process that looks when it is sent a moment."""

    def __init__(self, environ: dict[str, str]) -> None:
        context = processes()
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=look_when_asked, args=(environ, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
        self.pipe.close()


def test_eight_clocks_at_once_and_restarted_publish_each_slot_once(
    environ: dict[str, str], database_url: str
) -> None:
    mondays = mondays_from(START, 10)
    environ |= {"DATABASE_URL": database_url}
    installation = _planned(environ, mondays)
    settings = installation.settings
    clocks = [Clock(environ) for _ in range(CLOCKS)]
    begun: Counter[date] = Counter()
    try:
        for clock in clocks:
            assert clock.pipe.recv() == "ready"
        for at, monday in enumerate(mondays):
            for clock in clocks:
                clock.pipe.send(moment(monday, settings.send_at, settings.timezone))
            if at % 3 == 2:  # one is killed while it looks; what it had begun stands or is undone
                clocks[0].kill()
                clocks[0] = Clock(environ)
                assert clocks[0].pipe.recv() == "ready"
            for clock in clocks[at % 3 == 2 :]:
                begun.update(clock.pipe.recv())
    finally:
        for clock in clocks:
            clock.kill()
    assert max(begun.values()) == 1
    assert _deliveries(installation.db) == dict.fromkeys(mondays, 3)
    with installation.db.read() as session:
        assert {issue.state for issue in listing.issues(session)} == {IssueState.SENDING}
    installation.db.close()


def _about_changes(mondays: list[date], zone: ZoneInfo) -> list[date]:
    """Those before and after the clocks were changed, and each tenth."""
    offsets = [datetime.combine(monday, time(2, 30), zone).utcoffset() for monday in mondays]
    changes = {n for n, (a, b) in enumerate(pairwise(offsets)) if a != b}
    return [m for n, m in enumerate(mondays) if {n, n - 1} & changes or n % 10 == 0]


@pytest.mark.parametrize("zone", ZONES)
def test_mondays_of_ten_years_are_each_published_once(environ: dict[str, str], zone: str) -> None:
    mondays = _about_changes(mondays_from(START, 523), ZoneInfo(zone))
    environ |= {"NEWSLETTER_TIMEZONE": zone, "NEWSLETTER_SEND_AT": "mon 02:30"}
    installation = _planned(environ, mondays)
    published: list[date] = []
    for monday in mondays:
        # As a wall clock shows it, and so twice or never where the clocks are changed.
        wall = datetime.combine(monday, datetime.min.time(), ZoneInfo(zone))
        for look in (wall - timedelta(minutes=1), wall, wall + timedelta(hours=1)):
            assert jobs.publish_due_issues(installation, look.astimezone(UTC)) == []
        first = moment(monday, installation.settings.send_at, ZoneInfo(zone))
        assert jobs.publish_due_issues(installation, first - timedelta(seconds=1)) == []
        published += jobs.publish_due_issues(installation, first)
        for minutes in (1, 60, 180):
            published += jobs.publish_due_issues(installation, first + timedelta(minutes=minutes))
    assert published == mondays
    assert _deliveries(installation.db) == dict.fromkeys(mondays, 3)
    installation.db.close()
