"""The processes: web, clock, worker, and the three as a family."""

import logging
import sys

import click

from newsletter import clock, jobs
from newsletter.cli.context import open_installation
from newsletter.engine.clock import run_clock
from newsletter.engine.family import run_family
from newsletter.web.server import serve

once = click.option("--once", is_flag=True, help="Do what is due, then end.")


@click.command("run")
def run_command() -> None:
    """Run web, clock and worker together on this machine."""
    open_installation()  # say what is wrong once, not three times
    sys.exit(run_family())


@click.command("web")
def web_command() -> None:
    """Serve the site and the admin."""
    _tell()
    serve(open_installation())


@click.command("clock")
@once
def clock_command(once: bool) -> None:
    """Look, every few seconds, whether an issue is due."""
    _tell()
    installation = open_installation()
    if once:
        jobs.look(installation, clock.now())
        jobs.check_catalog(installation, clock.now())
    else:
        run_clock(installation)


@click.command("worker")
@once
def worker_command(once: bool) -> None:
    """Send what is due."""
    _tell()
    count = jobs.deliver(open_installation(), until_idle=once)
    click.echo(f"{count} messages settled.")


def _tell() -> None:
    """A process says what it does; other commands print what they did."""
    logging.getLogger("newsletter").setLevel(logging.INFO)


COMMANDS = (run_command, web_command, clock_command, worker_command)
