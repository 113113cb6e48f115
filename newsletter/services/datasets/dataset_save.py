"""Saving a dataset: a new one, new words, new files. What has to be read a task reads; all else
is done in one short transaction.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from newsletter.catalog import datasets, drafts
from newsletter.catalog.dataset_import import Intake
from newsletter.catalog.licenses import license_problem
from newsletter.catalog.package.dataset_package import DatasetPackage, check_slug, parse_package
from newsletter.catalog.package.read_package import ReadPackage
from newsletter.catalog.refusals import refuse_change_of_withdrawn
from newsletter.catalog.versions.renewal import read_again, renew
from newsletter.errors import Conflict, Invalid, NotFound
from newsletter.installation import Installation
from newsletter.models.dataset import Version
from newsletter.models.task import Task
from newsletter.services.datasets.file_reading import Promise, promise
from newsletter.services.datasets.table_files import FileSource
from newsletter.services.datasets.unread_files import refuse_while_reading, unread_files
from newsletter.services.suggestion import Suggestion
from newsletter.tasks.queueing import defer

NO_FILE = "Choose a file, or give its web address."


def add(
    installation: Installation,
    slug: str,
    package: DatasetPackage,
    files: Mapping[str, FileSource],
    started_by: str,
    now: datetime,
    *,
    publish: bool = False,
    suggestion: Suggestion | None = None,
    by: Promise = defer,
) -> Task:
    """A new dataset: a draft at once, which a task fills with the tables in ``files``, by their
    names in ``package``, and may ``publish``. With it the ``suggestion`` that it is made of is
    accepted.

    Raises Invalid, whose ``fields`` are those of the package and ``slug``, SlugTaken, or
    Conflict for a suggestion that was decided before; nothing is recorded then.
    """
    check_slug(slug)
    if publish:
        _refuse_license(package)
    _refuse_missing_files(package, files)
    with installation.db.write() as session:
        words = package.model_copy(update={"tables": ()})
        draft = datasets.create(session, slug, Intake(words, (), None, digest=""), now)
        if suggestion is not None:
            suggestion.accept(installation, session, draft.dataset, now)
        return promise(
            session, draft.dataset, package, files, started_by, now, publish=publish, by=by
        )


def edit(
    installation: Installation,
    slug: str,
    package: DatasetPackage,
    files: Mapping[str, FileSource],
    started_by: str,
    now: datetime,
    *,
    note: str = "",
    number: str | None = None,
    by: Promise = defer,
) -> Task | None:
    """Give a dataset the words of ``package`` and the new ``files`` of its tables, by name. The
    task that reads them, or reads a table anew of which more is asked; None: it is done.

    New data after a published version becomes a draft of the next one: of ``number``, of the
    number that the package raises, or of the one that the changes ask for; ``note`` says what
    changed. Raises Invalid, NotFound, or Conflict if the data of a published version would
    change, or while a task reads other files into it.
    """
    with installation.db.read() as session:
        newest = datasets.newest(session, slug)
        datasets.table_names(newest.dataset)  # loads the tables: no transaction stays open
    if {table.name for table in package.tables} - {*files}:
        refuse_change_of_withdrawn(newest)  # whose tables are gone, or soon will be
    _refuse_missing_files(package, {*files, *(table.name for table in newest.tables)})
    if files or read_again(newest, package):
        with installation.db.write() as session:
            dataset = datasets.get(session, slug)
            return promise(
                session, dataset, package, files, started_by, now, note=note, number=number, by=by
            )
    intake = renew(newest, package, {}, installation.storage)
    with installation.db.write() as session:
        datasets.upsert_draft(session, slug, intake, now)
    return None


def replace_table(
    installation: Installation,
    slug: str,
    file: FileSource,
    started_by: str,
    now: datetime,
    *,
    table: str | None = None,
    name: str | None = None,
    read: ReadPackage | None = None,
    number: str | None = None,
    chart: Mapping[str, Any] | None = None,
    by: Promise = defer,
) -> Task | None:
    """``edit`` with a new file for one table, of which all that was said stays.

    ``table`` None: the only one; ``name`` is what it is called from now on, None: as before;
    ``read`` says how the file is read; ``chart`` None: as it was. Where files of it could not
    be read, theirs are the words, and their tables.
    """
    with installation.db.read() as session:
        newest = datasets.newest(session, slug)
        unread = unread_files(session, newest.dataset)
    package = unread.package if unread else datasets.package_of(newest)
    names = [written.name for written in package.tables]
    replaced = names[0] if table is None and len(names) == 1 else table
    if replaced is None or replaced not in names:
        raise NotFound(f"Name the table that the file replaces: {', '.join(names)}.")
    called = name or replaced
    changed = {"name": called, "file": f"data/{file.file_name}", "read": read or ReadPackage()}
    tables = tuple(
        written.model_copy(update=changed) if written.name == replaced else written
        for written in package.tables
    )
    drawn = {} if chart is None else {"chart": chart}
    whole = package.model_copy(update={"tables": tables, **drawn})
    if name is not None:
        parse_package(whole.model_dump(mode="json", exclude_defaults=True))
    waiting = unread.sources if unread else {}
    files = {key: source for key, source in waiting.items() if key != replaced} | {called: file}
    note = unread.note if unread else ""
    return edit(installation, slug, whole, files, started_by, now, note=note, number=number, by=by)


def publish(
    installation: Installation, slug: str, now: datetime, *, anyway: bool = True
) -> Version:
    """Publish the draft of a dataset. Raises Conflict if there is none, or its files are not
    read, or unless ``anyway`` something in it is for a person to look at; or Invalid with what
    it still lacks."""
    with installation.db.write() as session:
        version = datasets.newest(session, slug)
        if version.is_published:
            raise Conflict(f"{slug} {version.number} is published already.")
        if not anyway:
            drafts.refuse_open_questions(version)
        datasets.publish(version, now)
        return version


def refuse_deleting(session: Session, slug: str) -> None:
    """Raises what ``delete_draft`` would."""
    dataset = datasets.get(session, slug)
    refuse_while_reading(dataset)
    drafts.refuse_deleting(session, datasets.newest(session, slug))


def delete_draft(session: Session, slug: str, now: datetime) -> Version:
    """Delete what is not published of a dataset; returns what it was. Raises NotFound, or
    Conflict if all is published, something stands on it, or files are being read into it."""
    refuse_while_reading(datasets.get(session, slug))
    return drafts.delete(session, slug, now)


def _refuse_license(package: DatasetPackage) -> None:
    """Before a long file is read for nothing."""
    if package.license is not None and (problem := license_problem(package.license)):
        raise Invalid(f"{problem}.", {"license": problem})


def _refuse_missing_files(package: DatasetPackage, names: Collection[str]) -> None:
    missing = {
        f"tables.{at}.file": NO_FILE
        for at, table in enumerate(package.tables)
        if table.name not in names
    }
    if missing or not package.tables:
        raise Invalid("A table has no file.", missing or {"tables.0.file": NO_FILE})
