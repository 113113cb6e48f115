"""The one place that asks what time it is.

Everything that *decides* by time takes ``now`` as an argument; entry points
(a request, a command, a job) read it here once and pass it down.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

# Between two machines, or while a request waits its turn. What was written further ahead of
# now was written by a clock that was wrong.
MAY_DIFFER = timedelta(minutes=1)


# Of the system; it is never set, and goes on while the process or the machine is halted.
STEADY_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Reading(NamedTuple):
    """What another clock said, and when that was by ``steady()``."""

    moment: datetime
    at: float


_followed: Reading | None = None


def now() -> datetime:
    """The current time, aware, in UTC: that of the clock that is followed, or this machine's."""
    if _followed is None:
        return datetime.now(UTC)
    return _followed.moment + timedelta(seconds=steady() - _followed.at)


def steady() -> float:
    """Seconds on a clock that nobody sets, to tell how long something took."""
    return time.clock_gettime(STEADY_CLOCK)


def follow(reading: Reading | None) -> None:
    """Let ``now`` go by another clock from here on; None: by this machine's again.

    Processes on several machines follow the database server's, so that a lease ends for all
    of them at once, and an issue begins when its moment has come by a clock that they share.
    """
    global _followed
    _followed = reading


def is_recent(moment: datetime, span: timedelta, now: datetime) -> bool:
    """Whether ``moment`` was less than ``span`` ago.

    A moment that a wrong clock wrote ahead of ``now`` is not: nobody waits until it comes.
    """
    return -MAY_DIFFER <= now - moment < span


def aware(moment: datetime) -> datetime:
    """``moment`` in UTC. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"a datetime without a zone: {moment.isoformat()}")
    return moment.astimezone(UTC)
