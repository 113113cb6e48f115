"""Heartbeats of real processes: by the database server's clock, whatever their own says."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from newsletter.db import Database
from newsletter.heartbeats.clock_reading import measure
from newsletter.heartbeats.roll_call import RollCall
from newsletter.models.process import ProcessRole
from tests.functional.lists import NEWSLETTER
from tests.heartbeats.rows import age, names, roll_of
from tests.migrated import migrate
from tests.postgres import sqlalchemy_address
from tests.process_group import PATIENCE, Group

AHEAD = 150


def fast_clock(seconds: int) -> dict[str, str]:
    """The variables of libfaketime for a process whose clock is ahead."""
    command = ["faketime", "--exclude-monotonic", "-f", f"+{seconds}s", "env"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
    names = ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "DONT_FAKE_MONOTONIC")
    return {name: lines[name] for name in names if name in lines} | {"NO_FAKE_STAT": "1"}


def wait_for(db: Database, is_so: Callable[[RollCall], object]) -> RollCall:
    deadline = time.monotonic() + PATIENCE
    while not is_so(roll := roll_of(db)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return roll


def test_a_clock_that_is_150_seconds_ahead_is_seen_and_told_of(
    environ: dict[str, str], migrated_postgres_url: str
) -> None:
    environ = os.environ | environ | {"DATABASE_URL": migrated_postgres_url}
    environ |= {"PYTHONPATH": os.pathsep.join(sys.path)}
    db = Database(sqlalchemy_address(migrated_postgres_url))
    migrate(db)
    with Group([*NEWSLETTER, "clock"], environ | fast_clock(AHEAD)) as group:
        [clock] = wait_for(db, lambda roll: roll.of_role(ProcessRole.CLOCK).living).living
        reading = measure(db)
        assert reading is not None
        assert abs((clock.seen_at - reading.database).total_seconds()) < PATIENCE
        assert clock.clock_ahead is not None
        assert abs(clock.clock_ahead - AHEAD) < 2
        assert (
            f"is {AHEAD} s ahead of the database server's" in roll_of(db).wrong_clocks()[clock.host]
        )
        group.wait_for(rf"(this machine's clock is {AHEAD} s ahead)")
        assert group.end() == 0
    assert names(db) == set()
    db.close()


def test_one_that_is_stopped_is_silent_and_lives_again_when_it_goes_on(
    environ: dict[str, str], migrated_postgres_url: str
) -> None:
    environ = os.environ | environ | {"DATABASE_URL": migrated_postgres_url}
    environ |= {"PYTHONPATH": os.pathsep.join(sys.path)}
    db = Database(sqlalchemy_address(migrated_postgres_url))
    migrate(db)
    with Group([*NEWSLETTER, "clock"], environ) as group:
        wait_for(db, lambda roll: roll.living)
        os.kill(group.process.pid, signal.SIGSTOP)
        [name] = names(db)
        age(db, name, 31)
        assert roll_of(db).of_role(ProcessRole.CLOCK).silent_since
        os.kill(group.process.pid, signal.SIGCONT)
        wait_for(db, lambda roll: roll.living)
        assert group.end() == 0
    assert names(db) == set()
    db.close()
