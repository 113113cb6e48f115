"""Saving a dataset: a new one, new words, new files.

Files are read in no transaction; recording what came of it is one short one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from newsletter.catalog import datasets
from newsletter.catalog.dataset_import import Intake, import_files
from newsletter.catalog.licenses import license_problem
from newsletter.catalog.package.dataset_package import DatasetPackage, ReadPackage, check_slug
from newsletter.catalog.versions.changes import published_before
from newsletter.catalog.versions.renewal import numbered, renew
from newsletter.errors import Conflict, Invalid, NotFound
from newsletter.installation import Installation
from newsletter.issues.schedule import local_day
from newsletter.models.dataset import Version, VersionState
from newsletter.services.suggestion import Suggestion
from newsletter.services.table_files import TableFile, named
from newsletter.tables.diff import Diff

NO_FILE = "Choose a file, or give its web address."


@dataclass(frozen=True, slots=True)
class Saved:
    """A version as it was recorded."""

    version: Version
    before: Version | None  # the published version before it
    diff: Diff | None  # of new data; None: there is no version before it, or it says the same


def add(
    installation: Installation,
    slug: str,
    package: DatasetPackage,
    files: Mapping[str, TableFile],
    now: datetime,
    *,
    publish: bool = False,
    suggestion: Suggestion | None = None,
) -> Version:
    """A new dataset of the tables in ``files``, by their names in ``package``: a draft, or
    published at once. With it the ``suggestion`` that it is made of is accepted.

    Raises Invalid, whose ``fields`` are those of the package and ``slug``, SlugTaken, or
    Conflict for a suggestion that was decided before; nothing is recorded then.
    """
    check_slug(slug)
    if publish:
        _refuse_license(package)
    _refuse_missing_files(package, files)
    with named(files) as paths:
        intake = import_files(package, paths, installation.storage)
    with installation.db.write() as session:
        version = datasets.create(session, slug, intake, now)
        if publish:
            datasets.publish(version, now)
        if suggestion is not None:
            suggestion.accept(installation, session, version.dataset, now)
        return version


def edit(
    installation: Installation,
    slug: str,
    package: DatasetPackage,
    files: Mapping[str, TableFile],
    now: datetime,
    *,
    note: str = "",
    number: str | None = None,
) -> Saved:
    """Give a dataset the words of ``package`` and the new ``files`` of its tables, by name.

    New data after a published version is a draft of the next one: of ``number``, of the number
    that the package raises, or of the one that the changes ask for; ``note`` says what changed.
    Raises Invalid, NotFound, or Conflict if the data of a published version would change.
    """
    with installation.db.read() as session:
        newest = datasets.newest(session, slug)
        before = newest if _is_published(newest) else published_before(newest)
        datasets.table_names(newest.dataset)  # loads the tables: no transaction stays open
    _refuse_missing_files(package, {*files, *(table.name for table in newest.tables)})
    with named(files) as paths:
        intake = renew(newest, package, paths, installation.storage)
    diff = None
    if files:
        intake, diff = _numbered(installation, newest, before, intake, now, note, number)
    with installation.db.write() as session:
        return Saved(datasets.upsert_draft(session, slug, intake, now), before, diff)


def replace_table(
    installation: Installation,
    slug: str,
    file: TableFile,
    now: datetime,
    *,
    table: str | None = None,
    read: ReadPackage | None = None,
    number: str | None = None,
) -> Saved:
    """``edit`` with a new file for one table, of which all that was said stays.

    ``table`` None: the only one; ``read`` says how the file is read.
    """
    with installation.db.read() as session:
        package = datasets.package_of(datasets.newest(session, slug))
    names = [written.name for written in package.tables]
    name = names[0] if table is None and len(names) == 1 else table
    if name not in names:
        raise NotFound(f"Name the table that the file replaces: {', '.join(names)}.")
    changed = {"file": f"data/{file.file_name}", "read": read or ReadPackage()}
    tables = tuple(
        written.model_copy(update=changed) if written.name == name else written
        for written in package.tables
    )
    whole = package.model_copy(update={"tables": tables})
    return edit(installation, slug, whole, {name: file}, now, number=number)


def publish(installation: Installation, slug: str, now: datetime) -> Version:
    """Publish the draft of a dataset. Raises Conflict if there is none, or Invalid with what
    it still lacks."""
    with installation.db.write() as session:
        version = datasets.newest(session, slug)
        if _is_published(version):
            raise Conflict(f"{slug} {version.number} is published already.")
        datasets.publish(version, now)
        return version


def _numbered(
    installation: Installation,
    newest: Version,
    before: Version | None,
    intake: Intake,
    now: datetime,
    note: str,
    number: str | None,
) -> tuple[Intake, Diff | None]:
    """``intake`` with its number, and what changed since ``before``."""
    package = intake.package
    if number is not None:
        package = package.model_copy(update={"version": number})
    elif package.version == newest.number and _is_published(newest):
        if datasets.is_same_data(newest, intake):
            return intake, None
        # What changed is not said of the version that is published.
        kept = datasets.package_of(newest).changelog
        package = package.model_copy(update={"changelog": kept})
    intake = replace(intake, package=package)
    if before is None:
        return intake, None
    today = local_day(now, installation.settings.timezone)
    return numbered(intake, before, installation.storage, today, number, note)


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


def _is_published(version: Version) -> bool:
    return version.state is VersionState.PUBLISHED
