"""Web, clock and worker on one machine: as a family of processes, or in one process."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from honcho.manager import Manager

from newsletter import jobs
from newsletter.engine.scheduler import start_clock
from newsletter.engine.tasks.worker import running_beside
from newsletter.installation import Installation
from newsletter.jobs.heartbeat import beating
from newsletter.models.process import ProcessRole

MEMBERS = ("web", "clock", "worker")


def run_family() -> int:
    """Run the three processes until one ends or we are interrupted; then end them all.

    Returns the exit code of the one that ended first.
    """
    manager = Manager()
    for name in MEMBERS:
        manager.add_process(name, f'"{sys.executable}" -m newsletter {name}')
    manager.loop()
    return int(manager.returncode or 0)


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
