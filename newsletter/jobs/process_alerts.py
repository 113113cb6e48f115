"""Who stopped is told of by whoever still runs, in a mail to the curators: once an outage."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from newsletter.db import Database
from newsletter.heartbeats.beat import BEAT_SECONDS
from newsletter.heartbeats.roll_call import LACKS, RollCall, Standing, in_utc
from newsletter.issues.notices import alert_curators
from newsletter.models.process import Process

log = logging.getLogger(__name__)

# Seconds for which it must have been seen so, by one who saw all the while.
SILENT_FOR = 60.0  # a process that died may be started again
MISSING_FOR = 600.0  # one that ended well, too, after an upgrade
DIFFERENT_FOR = 60.0
LOOKS_AWAY = 3 * BEAT_SECONDS  # who did not look for longer, as it was halted


@dataclass(frozen=True, slots=True)
class ProcessAlert:
    once: str  # names it, in the same words for all who see it
    seconds: float  # for which it must last
    subject: str
    lines: tuple[str, ...]


class Watch:
    """What one process has seen of the others, from beat to beat."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._since: dict[str, float] = {}
        self._looked_at = float("-inf")
        self._reported: set[str] = set()

    def begin_again(self) -> None:
        """We were away, or the database: who is silent now may have been so as we were."""
        self._since.clear()

    def look(self, roll: RollCall, at: float, now: datetime) -> None:
        """Report what has lasted for long enough; ``at``: by a clock that nobody sets."""
        if at - self._looked_at > LOOKS_AWAY:
            self.begin_again()
        self._looked_at = at
        alerts = {alert.once: alert for alert in alerts_of(roll)}
        self._since = {once: self._since.get(once, at) for once in alerts}
        self._reported &= alerts.keys()
        for once, alert in alerts.items():
            if once not in self._reported and at - self._since[once] >= alert.seconds:
                self._report(alert, now)

    def _report(self, alert: ProcessAlert, now: datetime) -> None:
        """Once of all that report it: the database refuses the second (``Notice.once``)."""
        subject, lines = alert.subject, list(alert.lines)
        try:
            with self._db.write() as session:
                alerts = alert_curators(session, subject, lines, "/admin/", alert.once, now)
        except SQLAlchemyError as error:  # another was first, or it is tried at the next beat
            log.info("not reported yet: %s", type(error).__name__, extra={"event": "alert_waits"})
            return
        self._reported.add(alert.once)
        if alerts:
            log.warning("%s", subject, extra={"event": "process_alert", "about": alert.once})


def alerts_of(roll: RollCall) -> Iterator[ProcessAlert]:
    """All that is wrong at a moment."""
    for standing in roll.standings:
        for process in standing.silent:
            yield _silent(process, standing)
        if not standing.living and not standing.silent:
            yield _missing(standing, roll)
    for host, sentence in roll.wrong_clocks().items():
        day = max(one.seen_at for one in roll.living if one.host == host).date()
        lines = (sentence, "The newsletter goes by the database server's meanwhile.")
        subject = f"The clock of {host} is wrong"
        yield ProcessAlert(f"wrong-clock {host} {day}", DIFFERENT_FOR, subject, lines)


def _silent(process: Process, standing: Standing) -> ProcessAlert:
    role = process.role
    return ProcessAlert(
        f"silent {process.name}",
        SILENT_FOR,
        f"The {role} on {process.host} is silent",
        (
            f"The {role} on {process.host} was last heard of at {in_utc(process.seen_at)}.",
            "Another goes on meanwhile." if standing.living else LACKS[role],
            f"See in its log what ended it, and start `newsletter run` or `newsletter {role}`.",
        ),
    )


def _missing(standing: Standing, roll: RollCall) -> ProcessAlert:
    """One that ended well leaves nothing behind, so the outage has the name of who has run the
    longest."""
    role, witness = standing.role, roll.living[0].name if roll.living else ""
    return ProcessAlert(
        f"missing {role} {witness}",
        MISSING_FOR,
        f"No {role} is running",
        (
            f"The site is up, and for ten minutes no {role} has been running.",
            LACKS[role],
            f"Start `newsletter run`, or `newsletter {role}`.",
        ),
    )
