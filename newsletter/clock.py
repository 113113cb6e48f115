"""The one place that asks what time it is.

Everything that *decides* by time takes ``now`` as an argument; entry points
(a request, a command, a job) read it here once and pass it down.
"""

from datetime import UTC, datetime, timedelta

# Between two machines, or while a request waits its turn. What was written further ahead of
# now was written by a clock that was wrong.
MAY_DIFFER = timedelta(minutes=1)


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


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
