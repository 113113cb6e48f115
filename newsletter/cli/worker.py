"""The process that sends, and runs tasks beside that."""

import click

from newsletter import jobs
from newsletter.cli.context import once, open_and_upgrade_installation, speak_up
from newsletter.engine.ending import ended_by_signals
from newsletter.engine.tasks.worker import run_until_idle, running_beside
from newsletter.host.low_priority import give_way
from newsletter.jobs.heartbeat import beating, record_one_run
from newsletter.models.process import ProcessRole

NICENESS = 10  # of 19: nobody waits for a mail or a task as for a page


@click.command("worker")
@once
def worker_command(once: bool) -> None:
    """Send what is due, and run tasks."""
    speak_up()
    installation = open_and_upgrade_installation()
    if once:
        record_one_run(installation, ProcessRole.WORKER)
        run_until_idle(installation)
        count = jobs.deliver(installation, until_idle=True)
    else:
        give_way(NICENESS)
        with (
            ended_by_signals(),  # before it sends, too
            beating(installation, ProcessRole.WORKER),
            running_beside(installation) as stop_tasks,
        ):
            count = jobs.deliver(installation, until_idle=False, on_stop=stop_tasks)
    click.echo(f"{count} messages settled.")


COMMANDS = (worker_command,)
