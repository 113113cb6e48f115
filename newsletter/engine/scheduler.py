"""The clock: APScheduler says "look now", and nothing else.

Its jobs live in memory and carry no state. What was due while it was down is
seen at the first look after it starts; two clocks see the same slots, and the
database lets one of them begin each. The catalog, which takes its time, is looked
after beside that.
"""

import threading

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler

from newsletter import clock, jobs
from newsletter.installation import Installation

LOOK_EVERY_SECONDS = 15
CHECK_EVERY_HOURS = 1  # whether the catalog's check of the week was made
FORGET_EVERY_HOURS = 1


def run_clock(installation: Installation) -> None:
    """Look at once, and again every LOOK_EVERY_SECONDS, until interrupted."""
    stop = threading.Event()
    scheduler = _scheduled(BlockingScheduler(timezone="UTC"), installation)
    scheduler.add_job(
        lambda: jobs.check_catalog(installation, clock.now(), lambda: not stop.is_set()),
        "interval",
        hours=CHECK_EVERY_HOURS,
        next_run_time=clock.now(),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.add_job(
        lambda: jobs.purge_submitter_addresses(installation, clock.now()),
        "interval",
        hours=FORGET_EVERY_HOURS,
        next_run_time=clock.now(),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    try:
        scheduler.start()
    finally:
        stop.set()


def start_clock(installation: Installation) -> BackgroundScheduler:
    """Look as often in a thread of its own; ``shutdown()`` ends it."""
    scheduler = BackgroundScheduler(timezone="UTC")
    _scheduled(scheduler, installation).start()
    return scheduler


def _scheduled(scheduler: BaseScheduler, installation: Installation) -> BaseScheduler:
    scheduler.add_job(
        lambda: jobs.run_due(installation, clock.now()),
        "interval",
        seconds=LOOK_EVERY_SECONDS,
        next_run_time=clock.now(),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    return scheduler
