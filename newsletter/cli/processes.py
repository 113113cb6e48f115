"""The clock, and all processes as one group."""

import click

from newsletter import clock
from newsletter.cli.context import (
    installation_as_it_stands,
    once,
    open_and_upgrade_installation,
    speak_up,
)
from newsletter.engine.ending import ended_by_signals
from newsletter.engine.process_group import run_family, wait_for_database
from newsletter.engine.scheduler import run_clock
from newsletter.errors import JobsFailed
from newsletter.jobs import JOBS, run_all
from newsletter.jobs.heartbeat import beating, record_one_run
from newsletter.models.process import ProcessRole


@click.command("run")
def run_command() -> None:
    """Run web, clock and worker together on this machine; one that ends is started again."""
    with ended_by_signals():
        wait_for_database(installation_as_it_stands().db)
        open_and_upgrade_installation()  # say what is wrong once, not three times
        run_family()


@click.command("clock")
@once
def clock_command(once: bool) -> None:
    """Run every job when it is due: begin issues, warn, check, purge."""
    speak_up()
    installation = open_and_upgrade_installation()
    if not once:
        with ended_by_signals(), beating(installation, ProcessRole.CLOCK):
            run_clock(installation)
        return
    record_one_run(installation, ProcessRole.CLOCK)
    if failed := run_all(installation, clock.now(), JOBS):
        names = ", ".join(job.name for job in failed)
        raise JobsFailed(f"{len(failed)} of {len(JOBS)} jobs failed: {names}. The log says why.")


COMMANDS = (run_command, clock_command)
