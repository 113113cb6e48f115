"""Which processes live and which are silent, and what that means in a sentence."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Interval,
    Select,
    Table,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.db import UTCDateTime
from newsletter.heartbeats.clock_reading import MAY_BE_AHEAD, how_far_ahead
from newsletter.models.process import Process, ProcessRole

When = Callable[[datetime], str]  # how a moment is said

ROWS: Table = Process.__table__  # type: ignore[assignment]
NEEDED = (ProcessRole.CLOCK, ProcessRole.WORKER)  # without which nothing goes out
LACKS = {  # what happens while none of a role runs
    ProcessRole.CLOCK: "No issue will begin until it runs again.",
    ProcessRole.WORKER: "No mail goes out until it runs again.",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How it is with the processes of a role."""

    role: ProcessRole
    living: tuple[Process, ...]
    silent: tuple[Process, ...]  # the one that was heard of last first

    @property
    def is_running(self) -> bool:
        return bool(self.living)

    @property
    def silent_since(self) -> datetime | None:
        """When the last of the role was heard of; None: one runs, or none is known."""
        return self.silent[0].seen_at if self.silent and not self.living else None

    def lack(self, when: When) -> str:
        """Since when none runs, and what comes of it; empty: one runs."""
        if self.living:
            return ""
        if self.silent_since is None:
            return f"No {self.role} is running. {LACKS[self.role]}"
        return (
            f"The {self.role} has been silent since {when(self.silent_since)}. {LACKS[self.role]}"
        )

    def losses(self, when: When) -> list[str]:
        """Who is silent while others of the role go on."""
        silent = self.silent if self.living else ()
        return [
            f"The {self.role} on {one.host} has been silent since {when(one.seen_at)}; another "
            f"goes on. Start it again, or see what ended it."
            for one in silent
        ]


@dataclass(frozen=True, slots=True)
class RollCall:
    """All processes that are known, at one moment."""

    living: tuple[Process, ...] = ()
    silent: tuple[Process, ...] = ()

    @classmethod
    def of(cls, rows: Iterable[Any]) -> Self:
        """From rows of ``everybody``. One that another has replaced, of its role on its host, is
        not missed."""
        silent: list[Process] = []
        living: list[Process] = []
        for is_silent, *values in rows:
            process = Process(**dict(zip(ROWS.columns.keys(), values, strict=True)))
            (silent if is_silent else living).append(process)
        missed = (one for one in silent if not any(_replaces(other, one) for other in living))
        by_time = sorted(missed, key=lambda one: one.seen_at, reverse=True)
        return cls(tuple(sorted(living, key=lambda one: one.started_at)), tuple(by_time))

    def of_role(self, role: ProcessRole) -> Standing:
        return Standing(
            role,
            tuple(one for one in self.living if one.role is role),
            tuple(one for one in self.silent if one.role is role),
        )

    def wrong_clocks(self) -> dict[str, str]:
        """The hosts whose clock differs from the database server's, each with a sentence."""
        differences = {one.host: one.clock_ahead or 0.0 for one in self.living}
        return {
            host: f"The clock of {host} {how_far_ahead(ahead)}."
            for host, ahead in sorted(differences.items())
            if abs(ahead) > MAY_BE_AHEAD
        }

    @property
    def standings(self) -> tuple[Standing, ...]:
        """Of the roles without which nothing goes out."""
        return tuple(self.of_role(role) for role in NEEDED)


def call_roll(session: Session) -> RollCall:
    """Who lives and who is silent now, in one statement."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return RollCall.of(session.execute(everybody(is_sqlite)).all())


def everybody(is_sqlite: bool) -> Select[Any]:
    """Each process, after whether it is silent."""
    is_silent = type_coerce(ROWS.c.silent_at < moment(is_sqlite), Boolean())
    return select(is_silent.label("is_silent"), *ROWS.columns)


def moment(is_sqlite: bool, plus: timedelta = timedelta(0)) -> ColumnElement[datetime]:
    """Now and some time, by the database server's clock; on SQLite by ours."""
    if is_sqlite:
        return literal(clock.now() + plus, UTCDateTime())
    now: ColumnElement[datetime] = func.clock_timestamp(type_=UTCDateTime())
    return type_coerce(now + literal(plus, Interval()), UTCDateTime()) if plus else now


def in_utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _replaces(living: Process, silent: Process) -> bool:
    of_the_same = (living.role, living.host) == (silent.role, silent.host)
    return of_the_same and living.started_at > silent.seen_at
