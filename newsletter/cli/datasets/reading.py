"""Files that a task reads into a dataset: in this command or behind it, and given up."""

from collections.abc import Callable

import click

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.cli.context import open_installation
from newsletter.cli.tasks import run_promised, tell_promise
from newsletter.errors import Invalid, Refused
from newsletter.installation import Installation
from newsletter.models.task import Task
from newsletter.services.datasets import dataset_save
from newsletter.services.datasets.file_reading import READ_FILES, Promise
from newsletter.services.datasets.table_files import FileSource
from newsletter.services.datasets.unread_files import UnreadFiles, drop_files, unread_files
from newsletter.tasks.queueing import defer, new_task

Save = Callable[[FileSource, Promise], Task | None]


def read_file(
    installation: Installation, slug: str, source: str, background: bool, save: Save
) -> bool:
    """``save`` the file or address ``source`` for a dataset, and have it read: here, or by a
    worker. Whether it is read by now.

    Raises Refused. What could not be read here leaves nothing behind.
    """
    file = FileSource.at(source)
    before = _unread(installation, slug)
    task = save(
        file.stored(installation) if background else file, defer if background else new_task
    )
    if task is None:
        return True
    if background:
        tell_promise(task)
        return False
    try:
        run_promised(installation, task, READ_FILES)
    except Refused as error:
        raise _given_up(installation, slug, before, error) from error
    return True


def _given_up(
    installation: Installation, slug: str, before: UnreadFiles | None, error: Refused
) -> Refused:
    """Leave the dataset as it was; what the command says."""
    unread = _unread(installation, slug)
    if unread is None or unread.goes_on:  # workers try again
        return error
    with installation.db.write() as session:
        if not datasets.newest(session, slug).tables:
            dataset_save.delete_draft(session, slug, clock.now())
        elif before is None:
            drop_files(session, slug)
    return Invalid(unread.error, dict(unread.fields)) if unread.error else error


def _unread(installation: Installation, slug: str) -> UnreadFiles | None:
    with installation.db.read() as session:
        dataset = datasets.find(session, slug)
        return unread_files(session, dataset) if dataset is not None else None


@click.command("delete")
@click.argument("slug")
def delete(slug: str) -> None:
    """Delete the draft of a dataset, and the dataset if nothing of it was published."""
    with open_installation().db.write() as session:
        number = dataset_save.delete_draft(session, slug, clock.now()).number
    click.echo(f"The draft {slug} {number} is deleted.")


@click.command("drop-files")
@click.argument("slug")
def drop_files_(slug: str) -> None:
    """Give up files of a dataset that could not be read; what was there stays."""
    with open_installation().db.write() as session:
        drop_files(session, slug)
    click.echo(f"{slug} stays as it was.")


COMMANDS = (delete, drop_files_)
