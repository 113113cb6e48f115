"""What is said of processes that are silent or missing, and of their clocks."""

from datetime import timedelta

from sqlalchemy import update

from newsletter import clock
from newsletter.db import Database
from newsletter.heartbeats.roll_call import RollCall, in_utc
from newsletter.models.process import Process, ProcessRole
from tests.heartbeats.rows import beat, roll_of

CLOCK, WORKER = ProcessRole.CLOCK, ProcessRole.WORKER


def test_where_all_run_nothing_is_lacking(sqlite_db: Database) -> None:
    beat(sqlite_db, CLOCK)
    beat(sqlite_db, WORKER)
    roll = roll_of(sqlite_db)
    assert [standing.lack(in_utc) for standing in roll.standings] == ["", ""]
    assert [standing.losses(in_utc) for standing in roll.standings] == [[], []]
    assert roll.wrong_clocks() == {}


def test_a_silent_role_is_said_with_since_when_and_what_comes_of_it(sqlite_db: Database) -> None:
    beat(sqlite_db, CLOCK, "one", ago=500)
    beat(sqlite_db, CLOCK, "two", ago=100)
    clock = roll_of(sqlite_db).of_role(CLOCK)
    assert clock.silent_since is not None
    assert clock.silent_since == clock.silent[0].seen_at > clock.silent[1].seen_at
    assert clock.lack(in_utc) == (
        f"The clock has been silent since {in_utc(clock.silent_since)}. "
        "No issue will begin until it runs again."
    )


def test_a_role_of_which_nothing_is_known_is_missing() -> None:
    clock, worker = RollCall().standings
    assert clock.lack(in_utc) == "No clock is running. No issue will begin until it runs again."
    assert worker.lack(in_utc) == "No worker is running. No mail goes out until it runs again."


def test_one_of_several_that_is_silent_is_a_loss(sqlite_db: Database) -> None:
    beat(sqlite_db, WORKER, "one")
    beat(sqlite_db, WORKER, "two", ago=100)
    worker = roll_of(sqlite_db).of_role(WORKER)
    assert worker.lack(in_utc) == ""
    [loss] = worker.losses(in_utc)
    assert loss.startswith("The worker on two has been silent since ")


def test_who_was_started_again_on_the_same_host_is_not_missed(sqlite_db: Database) -> None:
    beat(sqlite_db, WORKER, "one", ago=100)
    beat(sqlite_db, WORKER, "one")
    assert roll_of(sqlite_db).of_role(WORKER).silent == ()


def test_another_that_ran_all_the_while_is_not_in_its_place(sqlite_db: Database) -> None:
    lasting = beat(sqlite_db, WORKER, "one", ago=500)
    beat(sqlite_db, WORKER, "one", ago=100)
    with sqlite_db.write() as session:
        session.get_one(Process, lasting).silent_at = clock.now() + timedelta(seconds=30)
    assert len(roll_of(sqlite_db).of_role(WORKER).silent) == 1


def test_a_wrong_clock_is_said_once_a_host(sqlite_db: Database) -> None:
    for role in ProcessRole:
        beat(sqlite_db, role, "fast")
    beat(sqlite_db, WORKER, "right")
    with sqlite_db.write() as session:
        fast = update(Process).where(Process.host == "fast").values(clock_ahead=150.0)
        right = update(Process).where(Process.host == "right").values(clock_ahead=-1.5)
        session.execute(fast)
        session.execute(right)
    wrong = roll_of(sqlite_db).wrong_clocks()
    assert list(wrong) == ["fast"]
    assert wrong["fast"].startswith("The clock of fast is 150 s ahead of the database server's")
