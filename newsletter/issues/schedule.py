"""When an issue is due. Pure: calendar dates and zones in, moments in UTC out.

A slot is a date in the list's time zone; its moment is that date at the
wall-clock time of the settings. Where the clocks jump over that time, it is
the same distance after the jump; where they run through it twice, it is the
first (PEP 495, fold 0). So there is exactly one moment for each date.

Where the settings say ``local``, those who chose a time zone have a moment of
their own by the same rule: a wave. The issue begins with the first of them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from newsletter.settings import SendAt

MONDAY, FRIDAY = 0, 4
EASTERNMOST = timedelta(hours=14)  # ahead of UTC: Kiritimati


class Due(Enum):
    """How a slot stands at a moment."""

    NOT_YET = "not yet"
    NOW = "now"
    TOO_LATE = "too late"  # a curator decides


def moment(day: date, send_at: SendAt, zone: ZoneInfo) -> datetime:
    """When the issue of ``day`` is to begin, in UTC."""
    return datetime.combine(day, send_at.time, zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Waves:
    """When an issue is due, in UTC: ``main`` on the list's clock, and ``own`` on those of the
    time zones, by their names, that have a moment of their own."""

    main: datetime
    own: Mapping[str, datetime]

    @property
    def first(self) -> datetime:
        return min([self.main, *self.own.values()])


def waves(day: date, send_at: SendAt, zone: ZoneInfo, chosen: Collection[str]) -> Waves:
    """The waves of the issue of ``day``, for subscribers in the zones ``chosen``.

    A zone of a name that is not known has no moment of its own.
    """
    known = [(name, _zone(name)) for name in chosen] if send_at.local else []
    own = {name: moment(day, send_at, local) for name, local in known if local is not None}
    return Waves(moment(day, send_at, zone), own)


def due(planned: Waves, now: datetime, deadline: timedelta) -> Due:
    """How an issue stands; it may begin from its first wave on, until ``deadline`` after the
    list's own moment. A wave that has passed by then goes out at once.
    """
    if now < planned.first:
        return Due.NOT_YET
    return Due.NOW if now <= planned.main + deadline else Due.TOO_LATE


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


def latest_day(now: datetime) -> date:
    """The date where on Earth it is latest."""
    return (now + EASTERNMOST).date()


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # by the text: unknown, no path, a folder
        return None
