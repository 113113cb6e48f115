"""How long a try to sign in has to wait after wrong ones: some are free, then each wait doubles."""

from datetime import datetime, timedelta

from newsletter import clock

FREE_TRIES = 5
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=15)


def has_to_wait(failures: int, failed_at: datetime | None, now: datetime) -> bool:
    """Whether a try is not looked at yet, after ``failures`` in a row, the last at that time."""
    beyond = failures - FREE_TRIES
    if beyond < 0 or failed_at is None:
        return False
    wait = min(FIRST_WAIT * (1 << min(beyond, 20)), LONGEST_WAIT)
    return clock.is_recent(failed_at, wait, now)
