"""The scheduler has the jobs of the registry, each apart, and no list of its own."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.engine import scheduler
from newsletter.installation import Installation
from newsletter.jobs import JOBS, LOCAL_JOBS
from newsletter.settings import Settings
from tests.migrated import migrate


def test_it_runs_what_asks_no_strangers_each_at_its_interval(environ: dict[str, str]) -> None:
    installation = Installation.open(Settings.load(environ))
    migrate(installation.db)
    running = scheduler.start_clock(installation)
    try:
        scheduled = {job.id: job.trigger.interval for job in running.get_jobs()}
    finally:
        running.shutdown()
        installation.db.close()
    assert scheduled == {job.name: job.interval for job in LOCAL_JOBS}


def test_a_job_that_takes_long_or_fails_holds_back_no_other(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = Installation.open(Settings.load(environ))
    migrate(installation.db)
    others_ran, may_end = threading.Event(), threading.Event()

    def long(*_: object) -> None:
        may_end.wait(60)

    def failing(*_: object) -> None:
        raise LookupError

    def last(*_: object) -> None:
        others_ran.set()

    template = replace(JOBS[0], interval=timedelta(hours=1))
    jobs = tuple(replace(template, function=function) for function in (long, failing, last))
    monkeypatch.setattr(scheduler, "LOCAL_JOBS", jobs)
    running = scheduler.start_clock(installation)
    try:
        assert others_ran.wait(60)
    finally:
        may_end.set()
        running.shutdown()
        installation.db.close()
