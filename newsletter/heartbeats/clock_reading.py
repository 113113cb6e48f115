"""How far the clock of this machine is from the database server's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from newsletter import clock
from newsletter.db import Database, UTCDateTime

MAY_BE_AHEAD = 2.0  # seconds, or behind: more is told of
MAY_BE_IN_DOUBT = 1.0


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The two clocks at one moment, which is known but for ``doubt`` seconds."""

    database: datetime
    local: datetime  # the machine's own clock, whatever the program takes for now
    doubt: float
    at: float  # when that was, by clock.steady()

    @property
    def ahead(self) -> float:
        """By how many seconds this machine's clock is ahead; negative: behind."""
        return (self.local - self.database).total_seconds()

    @property
    def is_wrong(self) -> bool:
        """Whether the clocks differ by more than the answer took, and by what matters."""
        return abs(self.ahead) - self.doubt > MAY_BE_AHEAD

    def follow(self) -> None:
        """Let this process go by the database server's clock from here on, as all others do;
        unless the answer took so long that the last reading says more."""
        if self.doubt < MAY_BE_IN_DOUBT:
            clock.follow(clock.Reading(self.database, self.at))


class Stopwatch:
    """Notes when a question went out and its answer came in."""

    def __init__(self) -> None:
        self._before = self._after = machine_time()
        self._ended_at = clock.steady()

    @contextmanager
    def timing(self) -> Iterator[None]:
        self._before = machine_time()
        yield
        self._after, self._ended_at = machine_time(), clock.steady()

    def reading(self, database: datetime) -> ClockReading:
        """For what the server said of the time meanwhile: it was about half-way."""
        half = (self._after - self._before) / 2
        doubt = half.total_seconds()
        return ClockReading(database, self._before + half, doubt, self._ended_at - doubt)


def machine_time() -> datetime:
    """What the clock of this machine says."""
    return datetime.now(UTC)


def measure(db: Database) -> ClockReading | None:
    """Ask the database server what time it is; None on SQLite, which has no clock but ours."""
    if db.is_sqlite:
        return None
    stopwatch = Stopwatch()
    now = select(func.clock_timestamp(type_=UTCDateTime()))
    with db.one_statement() as connection, stopwatch.timing():
        moment = connection.scalar(now)
    assert moment is not None  # noqa: S101
    return stopwatch.reading(moment)


def how_far_ahead(ahead: float) -> str:
    """What is wrong with a clock, as the end of a sentence."""
    way = "ahead of" if ahead > 0 else "behind"
    return f"is {abs(ahead):.0f} s {way} the database server's: let both keep time by NTP"
