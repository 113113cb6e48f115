"""One thread of each process that runs: it says that the process lives, and hears who does not."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from newsletter import clock
from newsletter.db import Database
from newsletter.heartbeats.beat import BEAT_SECONDS, ONE_RUN_COUNTS_FOR, Beat, Heart
from newsletter.heartbeats.clock_reading import ClockReading, how_far_ahead, measure
from newsletter.installation import Installation
from newsletter.jobs.process_alerts import Watch
from newsletter.models.process import ProcessRole
from newsletter.outages import is_away, outage, summary

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0  # after the database was away
END_SECONDS = 3.0  # that the end of a process waits for its row to be taken away
BEATS_A_PURGE = 360  # an hour


class Heartbeat:
    """Beats from ``start`` to ``stop``, in a thread of this process."""

    def __init__(self, installation: Installation, role: ProcessRole) -> None:
        # Its own, whose connections nobody cuts who ends what waits for another's.
        self._db = Database(installation.settings.database_url)
        self._watch = Watch(self._db)
        self._heart = Heart(self._db, role)
        self._stop = threading.Event()
        # A daemon: a database that does not answer keeps no process from ending.
        self._thread = threading.Thread(target=self._run, name=f"heartbeat ({role})", daemon=True)
        self._reading: ClockReading | None = None
        self._is_clock_wrong = False
        self._is_failing = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take the row away, if the database lets us in time."""
        self._stop.set()
        self._thread.join(END_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._reading = follow(self._db)
                with self._db.one_statement() as connection:
                    self._beat_on(connection)
            except Exception as error:
                self._wait_after(error)
        self._db.close()

    def _beat_on(self, connection: Connection) -> None:
        """Until we are to end. The connection is kept, so that a beat is one statement."""
        beats = 0
        while not self._stop.is_set():
            if beats % BEATS_A_PURGE == 0:
                self._heart.forget_the_silent(connection)
            self._learn(self._heart.beat(connection, self._reading))
            beats += 1
            self._stop.wait(BEAT_SECONDS)
        self._heart.end(connection)

    def _learn(self, beat: Beat) -> None:
        self._is_failing = False
        outage.end()
        self._watch.look(beat.roll, clock.steady(), clock.now())
        self._reading = beat.reading
        if beat.reading is None:
            return
        beat.reading.follow()
        if beat.reading.is_wrong and not self._is_clock_wrong:
            event = {"event": "clock_differs", "ahead": round(beat.reading.ahead, 1)}
            log.warning("this machine's clock %s", how_far_ahead(beat.reading.ahead), extra=event)
        self._is_clock_wrong = beat.reading.is_wrong

    def _wait_after(self, error: Exception) -> None:
        self._watch.begin_again()
        if is_away(error):
            outage.note(summary(error))
        elif not self._is_failing:
            event = {"event": "heartbeat_failed", "error": type(error).__name__}
            log.exception("the heartbeat failed, and is tried again", extra=event)
            self._is_failing = True
        self._stop.wait(RETRY_SECONDS)


@contextmanager
def beating(installation: Installation, *roles: ProcessRole) -> Iterator[None]:
    """Show to all that this process lives while the block runs, and not after it has ended."""
    with suppress(SQLAlchemyError):  # else the first beat that gets through does
        follow(installation.db)
    heartbeats = [Heartbeat(installation, role) for role in roles]
    for heartbeat in heartbeats:
        heartbeat.start()
    try:
        yield
    finally:
        for heartbeat in heartbeats:
            heartbeat.stop()


def record_one_run(installation: Installation, role: ProcessRole) -> None:
    """Where cron starts a role for each of its runs, it counts as running between them."""
    name = f"{role}.once.{socket.gethostname()}"[:100]
    heart = Heart(installation.db, role, name, silent_after=ONE_RUN_COUNTS_FOR)
    with installation.db.one_statement() as connection:
        heart.beat(connection, follow(installation.db))


def follow(db: Database) -> ClockReading | None:
    """Go by the clock of the database server; None on SQLite, which has none but ours."""
    reading = measure(db)
    if reading is not None:
        reading.follow()
    return reading
