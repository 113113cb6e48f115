"""The process that sends."""

import click

from newsletter import jobs
from newsletter.cli.context import once, open_and_upgrade_installation, speak_up


@click.command("worker")
@once
def worker_command(once: bool) -> None:
    """Send what is due."""
    speak_up()
    count = jobs.deliver(open_and_upgrade_installation(), until_idle=once)
    click.echo(f"{count} messages settled.")


COMMANDS = (worker_command,)
