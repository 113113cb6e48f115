from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from newsletter.catalog.checks.weeks import LEASE, begin, due_week, finish, give_back
from newsletter.db import Database

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def begun(db: Database, now: datetime, week: str = "2026-W48") -> bool:
    with db.write() as session:
        return begin(session, week, now)


def test_a_week_is_due_from_its_tuesday() -> None:
    assert due_week(date(2026, 11, 23)) is None
    assert due_week(date(2026, 11, 24)) == due_week(date(2026, 11, 29)) == "2026-W48"
    assert due_week(date(2027, 1, 2)) == "2026-W53"


def test_one_of_many_clocks_takes_it(db: Database) -> None:
    with ThreadPoolExecutor(6) as clocks:
        taken = list(clocks.map(lambda _: begun(db, NOW), range(6)))
    assert sorted(taken) == [False] * 5 + [True]
    assert begun(db, NOW, "2026-W49")


def test_what_was_finished_is_not_taken_again(db: Database) -> None:
    begun(db, NOW)
    with db.write() as session:
        finish(session, "2026-W48", NOW)
    assert not begun(db, NOW + LEASE + timedelta(hours=1))


def test_what_died_is_taken_over_once_its_lease_has_ended(db: Database) -> None:
    begun(db, NOW)
    assert not begun(db, NOW + LEASE)
    later = NOW + LEASE + timedelta(minutes=1)
    assert begun(db, later)
    assert not begun(db, later)


def test_what_a_wrong_clock_began_is_taken_over(db: Database) -> None:
    begun(db, NOW + timedelta(days=400))
    assert begun(db, NOW)
    assert not begun(db, NOW - timedelta(seconds=1))  # another machine, at the same time


def test_what_was_given_back_is_taken_again(db: Database) -> None:
    begun(db, NOW)
    with db.write() as session:
        give_back(session, "2026-W48")
    assert begun(db, NOW)
