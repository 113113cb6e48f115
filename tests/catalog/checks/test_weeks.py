from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from newsletter.catalog.checks.weeks import begin, due_week, finish
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


def test_what_was_taken_is_not_taken_again(db: Database) -> None:
    begun(db, NOW)
    assert not begun(db, NOW + timedelta(days=3))
    with db.write() as session:
        finish(session, "2026-W48", NOW)
    assert not begun(db, NOW + timedelta(days=4))
