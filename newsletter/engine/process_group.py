"""Web, clock and worker on one machine: as a family of processes, or in one process."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError

from newsletter import jobs
from newsletter.db import Database
from newsletter.engine.scheduler import start_clock
from newsletter.engine.supervisor import Supervisor
from newsletter.engine.tasks.worker import running_beside
from newsletter.installation import Installation
from newsletter.jobs.heartbeat import beating
from newsletter.models.process import ProcessRole
from newsletter.outages import outage, summary

MEMBERS = ("web", "clock", "worker")
RETRY_SECONDS = 1.0
# What a server says that will let us in soon (PostgreSQL's postmaster.c and proc.c).
NOT_YET = ("starting up", "shutting down", "not yet accepting", "in recovery mode",
           "not accepting connections", "too many", "connection slots")  # fmt: skip


def run_family() -> None:
    """Keep the three processes running until SIGTERM or SIGINT; then end them all."""
    Supervisor({name: (sys.executable, "-m", "newsletter", name) for name in MEMBERS}).run()


def wait_for_database(db: Database) -> None:
    """Return once the server can be asked, or says something that waiting does not mend.

    What waits is ended by ``ended_by_signals``, at any time.
    """
    while True:
        try:
            with db.engine.connect():
                return
        except OperationalError as error:
            if db.is_sqlite or not _is_not_up(summary(error)):
                return
            outage.note(summary(error))
        time.sleep(RETRY_SECONDS)


def _is_not_up(reason: str) -> bool:
    """The driver has no code for it: either no server answered, or one that cannot yet."""
    return "FATAL" not in reason or any(words in reason for words in NOT_YET)


@contextmanager
def running_in_threads(installation: Installation) -> Iterator[None]:
    """The clock and the worker as threads of this process, which has the site, while the block
    runs."""
    stop = threading.Event()
    clock = start_clock(installation)
    worker = threading.Thread(
        target=jobs.deliver,
        kwargs={"installation": installation, "until_idle": False, "stop": stop},
        name="worker",
    )
    worker.start()
    try:
        with beating(installation, *ProcessRole), running_beside(installation):
            yield
    finally:
        stop.set()
        clock.shutdown()
        worker.join()
