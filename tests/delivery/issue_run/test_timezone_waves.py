"""Each reader has the issue at the same time of their own Monday, and has it once."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from sqlalchemy import event, insert, select

from newsletter.audience.suppression import address_hash, suppress
from newsletter.db import Database
from newsletter.delivery.issue_run.enrol import enrol
from newsletter.delivery.issue_run.timezone_waves import waves_of
from newsletter.delivery.queue import ledger
from newsletter.delivery.queue.balance import balance_of, is_finished
from newsletter.delivery.queue.retry_policy import GIVE_UP_AFTER, settle
from newsletter.email_address import parse_address
from newsletter.issues.schedule import Waves
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Cadence, Status, Subscriber, SuppressionReason
from newsletter.settings import Settings
from newsletter.transports.base import Outcome, Verdict
from tests import factories
from tests.delivery.lists import signer

ZONES = sorted(available_timezones())
MONDAY = date(2026, 11, 23)
HOUR = timedelta(hours=1)
NINE_UTC = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def local(environ: dict[str, str]) -> Settings:
    return Settings.load(
        environ
        | {"NEWSLETTER_SEND_AT": "mon 09:00 local", "NEWSLETTER_TIMEZONE": "America/New_York"}
    )


def add(db: Database, zones: Sequence[str | None]) -> None:
    """An active subscriber for each of ``zones``."""
    rows = [
        {
            "address": f"reader{n}@example.org",
            "address_key": f"reader{n}@example.org",
            "address_hash": address_hash(signer, parse_address(f"reader{n}@example.org")),
            "status": Status.ACTIVE,
            "cadence": Cadence.MONDAY,
            "timezone": zone,
            "created_at": factories.LONG_AGO,
            "confirmations": 0,
        }
        for n, zone in enumerate(zones)
    ]
    with db.write() as session:
        session.execute(insert(Subscriber), rows)


def enter(db: Database, settings: Settings, day: date, now: datetime | None = None) -> Waves:
    """Freeze the issue of ``day`` at ``now``, or when its first wave is due."""
    with db.write() as session:
        waves = waves_of(session, day, settings)
        at = now or waves.first
        issue = Issue(date=day, state=IssueState.SENDING, created_at=at, frozen_at=at)
        session.add(issue)
        session.flush()
        issue.candidates = enrol(session, issue, at, waves)
        assert balance_of(session, issue).holds
    return waves


def due_by_zone(db: Database) -> list[tuple[str | None, datetime | None]]:
    rows = select(Subscriber.timezone, Delivery.not_before).join(
        Delivery, Delivery.subscriber_id == Subscriber.id
    )
    with db.read() as session:
        return [(zone, at) for zone, at in session.execute(rows)]


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 11, 23),
        date(2026, 3, 9),  # the day after the clocks of America went forward
        date(2026, 3, 30),  # of Europe
        date(2026, 4, 6),  # the day after those of Australia went back
        date(2026, 11, 2),  # those of America
        date(2016, 3, 21),  # on this Monday itself, in Iran
    ],
)
def test_in_each_zone_of_the_world_it_is_nine_on_that_monday_and_once(
    db: Database, local: Settings, day: date
) -> None:
    add(db, [*ZONES, None])
    waves = enter(db, local, day)
    found = due_by_zone(db)
    assert sorted(zone or "" for zone, _ in found) == ["", *ZONES]
    for zone, at in found:
        assert at is not None
        shown = at.astimezone(ZoneInfo(zone) if zone else local.timezone)
        assert (shown.date(), shown.time()) == (day, time(9)), zone
    assert waves.main - waves.first >= 18 * HOUR
    assert max(at for _, at in found if at) - waves.first <= 26 * HOUR


def test_all_waves_are_entered_by_one_statement(db: Database, local: Settings) -> None:
    add(db, ["Asia/Tokyo", "Europe/Lisbon", None])
    seen: list[str] = []
    event.listen(db.engine, "after_cursor_execute", lambda *said: seen.append(str(said[2])))
    enter(db, local, MONDAY)
    assert sum("INTO delivery" in statement for statement in seen) == 1


def test_a_zone_that_is_not_known_counts_as_the_lists(db: Database, local: Settings) -> None:
    add(db, ["Mars/Olympus", "../../etc/passwd", "America", "", None])
    waves = enter(db, local, MONDAY)
    assert waves.own == {}
    assert {at for _, at in due_by_zone(db)} == {waves.main}


def test_the_first_wave_is_that_of_a_reader_and_not_of_the_world(
    sqlite_db: Database, local: Settings
) -> None:
    add(sqlite_db, ["Europe/Lisbon", None])
    with sqlite_db.write() as session:
        factories.subscriber(
            session, signer, "gone@example.org", Status.UNSUBSCRIBED, timezone="Pacific/Kiritimati"
        )
    with sqlite_db.read() as session:
        assert waves_of(session, MONDAY, local).first == NINE_UTC


def test_without_local_nobody_has_a_wave_of_their_own(
    sqlite_db: Database, settings: Settings
) -> None:
    add(sqlite_db, ["Asia/Tokyo", None])
    waves = enter(sqlite_db, settings, MONDAY)
    assert waves == Waves(NINE_UTC, {})
    assert {at for _, at in due_by_zone(sqlite_db)} == {NINE_UTC}


def test_a_wave_that_has_passed_goes_out_when_the_issue_begins(
    db: Database, local: Settings
) -> None:
    add(db, ["Asia/Tokyo", "Europe/Lisbon", None])
    begun = NINE_UTC + HOUR
    waves = enter(db, local, MONDAY, begun)
    assert dict(due_by_zone(db)) == {
        "Asia/Tokyo": begun,
        "Europe/Lisbon": begun,
        None: waves.main,
    }


def test_who_is_suppressed_waits_for_no_wave(db: Database, local: Settings) -> None:
    add(db, ["Asia/Tokyo"])
    with db.write() as session:
        ann = session.scalars(select(Subscriber)).one()
        suppress(session, ann.address_hash, SuppressionReason.COMPLAINT, NINE_UTC)
    enter(db, local, MONDAY)
    with db.read() as session:
        row = session.scalars(select(Delivery)).one()
        assert (row.state, row.not_before) == (DeliveryState.EXCLUDED, None)


def test_a_wave_is_claimed_when_it_is_due_and_not_before(db: Database, local: Settings) -> None:
    add(db, ["Asia/Tokyo", "Europe/Lisbon", None])
    waves = enter(db, local, MONDAY)
    claimed = []
    for at in (waves.first, NINE_UTC - HOUR, NINE_UTC, waves.main - HOUR, waves.main):
        with db.write() as session:
            now = ledger.claim(session, "a", 10, at)
            ledger.settle_sent(session.connection(), {c.id: "250 ok" for c in now}, at)
            claimed.append(len(now))
    assert claimed == [1, 0, 1, 0, 1]


def test_the_issue_is_not_finished_before_its_last_wave(db: Database, local: Settings) -> None:
    add(db, ["Asia/Tokyo", "Pacific/Honolulu"])
    waves = enter(db, local, MONDAY)
    last = waves.own["Pacific/Honolulu"]
    for at, finished in ((waves.first, False), (last, True)):
        with db.write() as session:
            claimed = ledger.claim(session, "a", 10, at)
            ledger.settle_sent(session.connection(), {c.id: "250 ok" for c in claimed}, at)
            issue = session.scalars(select(Issue)).one()
            assert is_finished(session, issue) is finished
            assert balance_of(session, issue).holds


def test_a_try_is_given_up_so_long_after_its_own_wave(db: Database, local: Settings) -> None:
    add(db, ["Asia/Tokyo", "Pacific/Honolulu"])
    waves = enter(db, local, MONDAY)
    with db.write() as session:
        since = {c.address: c.since for c in ledger.claim(session, "a", 10, waves.main + 24 * HOUR)}
    east, west = since["reader0@example.org"], since["reader1@example.org"]
    assert (east, west) == (waves.first, waves.own["Pacific/Honolulu"])
    last_try = west + GIVE_UP_AFTER - 8 * HOUR
    later = settle(1, Outcome(Verdict.DEFERRED), 9, west, last_try)
    assert later.not_before == west + GIVE_UP_AFTER
    assert settle(1, Outcome(Verdict.DEFERRED), 9, east, last_try).not_before is None
