"""The scheduler: APScheduler runs the jobs of the registry when they are due, and nothing else.

Its jobs live in memory and carry no state. What was due while it was down is seen at the
first run after it starts; two schedulers see the same slots, and the database lets one of them
begin each. Each job runs apart from the others, so a long one holds none of them back.
"""

import threading
from collections.abc import Sequence

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler

from newsletter import clock
from newsletter.engine.ending import wait_for_signals
from newsletter.installation import Installation
from newsletter.jobs import JOBS, LOCAL_JOBS, Job, run_job


def run_clock(installation: Installation) -> None:
    """Run every job at once, and again after its interval, until ``ended_by_signals`` ends it.
    A job that is running then ends as early as it can."""
    stop = threading.Event()
    scheduler = BackgroundScheduler(timezone="UTC")
    _schedule(scheduler, installation, JOBS, stop)
    try:
        scheduler.start()
        wait_for_signals()
    finally:
        stop.set()
        if scheduler.running:
            scheduler.shutdown(wait=False)


def start_clock(installation: Installation) -> BackgroundScheduler:
    """The same in a thread of its own, without the jobs that ask strangers; ``shutdown()``
    ends it."""
    scheduler = BackgroundScheduler(timezone="UTC")
    _schedule(scheduler, installation, LOCAL_JOBS, threading.Event())
    scheduler.start()
    return scheduler


def _schedule(
    scheduler: BaseScheduler,
    installation: Installation,
    jobs: Sequence[Job],
    stop: threading.Event,
) -> None:
    for job in jobs:
        scheduler.add_job(
            _run,
            "interval",
            seconds=job.interval.total_seconds(),
            args=(job, installation, stop),
            id=job.name,
            next_run_time=clock.now(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )


def _run(job: Job, installation: Installation, stop: threading.Event) -> None:
    run_job(job, installation, clock.now(), may_go_on=lambda: not stop.is_set())
