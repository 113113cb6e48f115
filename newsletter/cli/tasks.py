"""Tasks: long work that goes on without the command that started it."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from newsletter import clock
from newsletter.cli.command_actor import unrecorded
from newsletter.cli.context import as_json, open_installation, print_json, print_record, show
from newsletter.engine.tasks.worker import run_here
from newsletter.errors import Conflict, Refused
from newsletter.installation import Installation
from newsletter.models.task import Task, TaskState
from newsletter.tasks import listing, queueing
from newsletter.tasks.definition import Definition, by_name
from newsletter.tasks.queueing import AT_THE_COMMAND_LINE

LOOK_SECONDS = 0.5
BACKGROUND = "Let a worker do it, and return at once."

in_background = click.option("--background", is_flag=True, help=BACKGROUND)
Report = Callable[[int, int | None, str], None]


@click.group("task")
def task_group() -> None:
    """Long work: who started it, how far it is, what came of it."""


@task_group.command("list")
@click.option("--state", type=click.Choice([state.value for state in TaskState]))
@as_json
def list_(state: str | None, as_json: bool) -> None:
    """The latest tasks, the newest first."""
    chosen = None if state is None else TaskState(state)
    with open_installation().db.read() as session:
        records = [listing.record(task) for task in listing.latest(session, chosen)]
    columns = ("id", "title", "state", "done", "total", "started_by", "created_at")
    show(as_json, records if as_json else [{c: r[c] for c in columns} for r in records])


@task_group.command("show")
@click.argument("task_id", type=int)
@as_json
def show_(task_id: int, as_json: bool) -> None:
    """One task, with its log."""
    with open_installation().db.read() as session:
        record = listing.record(queueing.get(session, task_id))
    if as_json:
        print_json(record)
        return
    lines = record.pop("lines")
    print_record(record)
    for line in lines:
        click.echo(f"{line['at']}  {line['text']}")


@task_group.command("watch")
@click.argument("task_id", type=int)
@as_json
def watch(task_id: int, as_json: bool) -> None:
    """Wait until a task is finished, and say how far it is meanwhile."""
    installation = open_installation()
    with _reported(as_json) as report:
        while (task := _task(installation, task_id)).is_unfinished:
            report(task.done, task.total, task.note)
            time.sleep(LOOK_SECONDS)
    if as_json:
        print_json(listing.record(task))
    tell_outcome(task, silent=as_json)


@task_group.command("cancel")
@click.argument("task_id", type=int)
@as_json
def cancel(task_id: int, as_json: bool) -> None:
    """Stop a task: one that waits at once, one that runs at its next step."""
    with open_installation().db.write() as session:
        task = queueing.cancel(session, task_id, AT_THE_COMMAND_LINE, clock.now())
        record = listing.record(task)
    if as_json:
        print_json(record)
    elif task.state is TaskState.CANCELLED:
        click.echo(f"Task {task_id} is cancelled.")
    else:
        click.echo(f"Task {task_id} is asked to stop.")


@task_group.command("retry")
@click.argument("task_id", type=int)
@as_json
def retry(task_id: int, as_json: bool) -> None:
    """Try a task again that failed or was cancelled; it goes on where it stopped."""
    with open_installation().db.write() as session:
        task = queueing.retry(session, task_id, AT_THE_COMMAND_LINE, clock.now())
        record = listing.record(task)
    if as_json:
        print_json(record)
    else:
        click.echo(f"Task {task_id} waits for a worker.")


def run_or_promise(
    installation: Installation, definition: Definition, background: bool, **arguments: Any
) -> Task | None:
    """Run a task in this command, with a progress bar at a terminal, and return it as it ended;
    or in the ``background`` let a worker run it, say so and return None.

    Raises Refused if it did not end well.
    """
    promise = queueing.defer if background else queueing.new_task
    with installation.db.write() as session:
        task = promise(session, definition, AT_THE_COMMAND_LINE, clock.now(), **arguments)
    if background:
        tell_promise(task)
        return None
    return run_promised(installation, task, definition)


def tell_promise(task: Task) -> None:
    click.echo(f"Task {task.id}: `newsletter task watch {task.id}` shows how far it is.")


def run_promised(installation: Installation, task: Task, definition: Definition) -> Task:
    """Run a new task in this command, as ``run_or_promise`` does. Raises Refused."""
    with _reported(silent=False) as report, unrecorded():
        ended = run_here(installation, task, report, by_name((definition,)))
    if ended.attempt == 0:
        raise Conflict("The same is under way already: see `newsletter task list`.")
    tell_outcome(ended, silent=True)
    return ended


def tell_outcome(task: Task, silent: bool) -> None:
    """Raises Refused for a task that did not end well."""
    if task.state is TaskState.QUEUED:
        reason = task.lines[-1]["text"] if task.lines else "it was interrupted"
        raise Refused(f"Task {task.id} did not succeed: {reason} Workers try it again.")
    if task.state is not TaskState.DONE:
        raise Refused(task.error or f"Task {task.id} is {task.state.value}.")
    if not silent:
        click.echo(f"Task {task.id} is done.")


def _task(installation: Installation, task_id: int) -> Task:
    with installation.db.read() as session:
        return queueing.get(session, task_id)


@contextmanager
def _reported(silent: bool) -> Iterator[Report]:
    """A bar on a terminal, as long as the block runs; elsewhere nothing."""
    if silent or not sys.stderr.isatty():
        yield lambda _done, _total, _note: None
        return
    with click.progressbar(
        length=1, file=sys.stderr, item_show_func=lambda note: note or ""
    ) as bar:

        def report(done: int, total: int | None, note: str) -> None:
            bar.length = max(total or 0, 1)
            bar.update(done - bar.pos, note)

        yield report


COMMANDS = (task_group,)
