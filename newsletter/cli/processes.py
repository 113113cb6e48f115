"""The clock, and all processes as a family."""

import sys

import click

from newsletter import clock, jobs
from newsletter.cli.context import once, open_and_upgrade_installation, speak_up
from newsletter.engine.process_group import run_family
from newsletter.engine.scheduler import run_clock


@click.command("run")
def run_command() -> None:
    """Run web, clock and worker together on this machine."""
    open_and_upgrade_installation()  # say what is wrong once, not three times
    sys.exit(run_family())


@click.command("clock")
@once
def clock_command(once: bool) -> None:
    """Look, every few seconds, whether an issue is due."""
    speak_up()
    installation = open_and_upgrade_installation()
    if once:
        jobs.run_due(installation, clock.now())
        jobs.check_catalog(installation, clock.now())
        jobs.purge_submitter_addresses(installation, clock.now())
    else:
        run_clock(installation)


COMMANDS = (run_command, clock_command)
