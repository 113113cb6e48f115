"""When an issue is due. Pure: calendar dates and zones in, moments in UTC out.

A slot is a date in the list's time zone; its moment is that date at the
wall-clock time of the settings. Where the clocks jump over that time, it is
the same distance after the jump; where they run through it twice, it is the
first (PEP 495, fold 0). So there is exactly one moment for each date.
"""

from datetime import UTC, date, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from newsletter.settings import SendAt

MONDAY, FRIDAY = 0, 4


class Due(Enum):
    """How a slot stands at a moment."""

    NOT_YET = "not yet"
    NOW = "now"
    TOO_LATE = "too late"  # a curator decides


def moment(day: date, send_at: SendAt, zone: ZoneInfo) -> datetime:
    """When the issue of ``day`` is to begin, in UTC."""
    return datetime.combine(day, send_at.time, zone).astimezone(UTC)


def due(day: date, now: datetime, send_at: SendAt, zone: ZoneInfo, deadline: timedelta) -> Due:
    """How the slot of ``day`` stands; it may begin until ``deadline`` after its moment."""
    begin = moment(day, send_at, zone)
    if now < begin:
        return Due.NOT_YET
    return Due.NOW if now <= begin + deadline else Due.TOO_LATE


def is_monday(day: date) -> bool:
    return day.weekday() == MONDAY


def monday_of(day: date) -> date:
    """The Monday of the week of ``day``."""
    return day - timedelta(days=day.weekday())


def mondays_from(day: date, count: int) -> list[date]:
    """The first ``count`` Mondays that are not before ``day``."""
    first = day + timedelta(days=-day.weekday() % 7)
    return [first + timedelta(weeks=n) for n in range(count)]


def local_day(now: datetime, zone: ZoneInfo) -> date:
    """The date on the list's calendar."""
    return now.astimezone(zone).date()
