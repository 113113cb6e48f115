"""The one clock tells aware UTC, and naive moments go no further."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest

from newsletter import clock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Nowhere(tzinfo):
    """A zone that does not know its offset: such a moment is naive all the same."""

    def utcoffset(self, moment: datetime | None) -> None:
        return None

    def dst(self, moment: datetime | None) -> None:
        return None

    def tzname(self, moment: datetime | None) -> None:
        return None


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize(
    ("ago", "is_recent"),
    [
        (timedelta(0), True),
        (timedelta(hours=1) - timedelta.resolution, True),
        (timedelta(hours=1), False),
        (-clock.MAY_DIFFER, True),
        (-clock.MAY_DIFFER - timedelta.resolution, False),
        (-timedelta(days=365), False),
    ],
)
def test_a_moment_is_recent_unless_it_is_long_past_or_of_a_clock_that_was_wrong(
    ago: timedelta, is_recent: bool
) -> None:
    assert clock.is_recent(NOON - ago, timedelta(hours=1), NOON) is is_recent


def test_an_aware_moment_is_the_same_moment_in_utc() -> None:
    eastern = timezone(timedelta(hours=-5))
    moved = clock.aware(NOON.astimezone(eastern))
    assert moved == NOON
    assert moved.tzinfo is UTC


@pytest.mark.parametrize("zone", [None, Nowhere()])
def test_it_refuses_a_moment_without_an_offset(zone: tzinfo | None) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        clock.aware(NOON.replace(tzinfo=zone))
