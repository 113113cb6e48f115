"""Is every test green on any day? Runs tests at moments that are not now.

    python -m tests.days MOMENT ... [-- ARGUMENTS OF PYTEST]

The clock of each Python, and of the database servers, is set to the next of such moments; OpenSSL
looks at the real one, so that tests of expired certificates (tests/doctor) are no part of it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.days.ahead import AHEAD

PYTHON = Path(__file__).with_name("python")
ZONE = ZoneInfo("America/New_York")  # of the lists in the tests that have one
DAY = timedelta(days=1)
# time_machine, which is a plug-in of pytest, was loaded before it.
EXPECTED = ("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning")


def _at(day: date, hour: int, zone: ZoneInfo | None = None) -> datetime:
    """Ten minutes before the full hour, so that tests run past it."""
    wall = datetime(day.year, day.month, day.day, hour, tzinfo=zone or UTC)
    return wall.astimezone(UTC) - timedelta(minutes=10)


def _days(after: date) -> Iterator[date]:
    while True:
        after += DAY
        yield after


def _weekday(number: int) -> Callable[[date], date]:
    return lambda today: next(day for day in _days(today) if day.weekday() == number)


def _change(hours: int) -> Callable[[date], date]:
    """The day on which clocks are put on by ``hours``."""

    def offset(day: date) -> timedelta:
        return datetime(day.year, day.month, day.day, tzinfo=ZONE).utcoffset() or timedelta(0)

    return lambda today: next(
        day for day in _days(today) if offset(day + DAY) - offset(day) == timedelta(hours=hours)
    )


def _leap_day(today: date) -> date:
    return next(day for day in _days(today) if (day.month, day.day) == (2, 29))


MOMENTS: dict[str, Callable[[date], datetime]] = {
    "year": lambda today: _at(today + timedelta(days=365), 12),
    "monday": lambda today: _at(_weekday(0)(today), 9),
    "friday": lambda today: _at(_weekday(4)(today), 18),
    "new-year": lambda today: _at(date(today.year + 1, 1, 1), 0),
    "leap-day": lambda today: _at(_leap_day(today), 12),
    "spring": lambda today: _at(_change(1)(today), 2, ZONE),
    "autumn": lambda today: _at(_change(-1)(today), 1, ZONE),
}


def main(arguments: Sequence[str]) -> int:
    names, tests = list(arguments), list[str]()
    if "--" in names:
        at = names.index("--")
        names, tests = names[:at], names[at + 1 :]
    if not names or not set(names) <= set(MOMENTS):
        print(f"Name one or more of these moments: {', '.join(MOMENTS)}.")
        return 2
    failed = [name for name in names if not _is_green(name, tests)]
    print(f"Not green: {', '.join(failed)}." if failed else "All green.")
    return bool(failed)


def _is_green(name: str, tests: Sequence[str]) -> bool:
    moment = MOMENTS[name](datetime.now(UTC).date())
    print(f"== {name}: {moment:%A %d %B %Y, %H:%M} UTC", flush=True)
    path = os.pathsep.join(filter(None, (str(PYTHON), os.environ.get("PYTHONPATH"))))
    variables = {AHEAD: str(round(moment.timestamp() - time.time())), "PYTHONPATH": path}
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *EXPECTED, *tests]
    return subprocess.run(pytest, env=os.environ | variables).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
