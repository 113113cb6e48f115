"""From dataset folders to the catalog. Doing it again changes nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from newsletter.catalog import datasets
from newsletter.catalog.dataset_import import digest_of, import_files
from newsletter.catalog.package.dataset_package import (
    FILE_NAME,
    DatasetPackage,
    check_slug,
    read_package,
)
from newsletter.catalog.versions import changes
from newsletter.db import Database
from newsletter.errors import NotFound, Refused, UnreadablePackage
from newsletter.storage import Storage
from newsletter.tables.diff import Diff

READ_AT_ONCE = 2  # folders; each is read by a child process of its own


class Done(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"  # a file of it has not been made
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one folder, and a sentence where there is something to say."""

    slug: str
    done: Done
    note: str = ""
    diff: Diff | None = None  # of a version that follows a published one


def sync(db: Database, storage: Storage, root: Path, now: datetime) -> Iterator[Step]:
    """Bring each dataset folder of ``root`` (or ``root`` itself) into the catalog, and
    publish what nothing keeps from it. One that is refused stops no other.

    Raises NotFound if there is no dataset folder.
    """
    folders = [root] if (root / FILE_NAME).is_file() else sorted(root.glob(f"*/{FILE_NAME}"))
    if not folders:
        raise NotFound(f"There is no {FILE_NAME} in {root} or in a folder of it.")
    with ThreadPoolExecutor(READ_AT_ONCE) as readers:
        dataset_folders = [path.parent if path.name == FILE_NAME else path for path in folders]
        yield from readers.map(lambda folder: _step(db, storage, folder, now), dataset_folders)


def _step(db: Database, storage: Storage, folder: Path, now: datetime) -> Step:
    slug = folder.resolve().name
    try:
        return _sync_one(db, storage, folder, slug, now)
    except Refused as error:
        return Step(slug, Done.REFUSED, str(error))


def _sync_one(db: Database, storage: Storage, folder: Path, slug: str, now: datetime) -> Step:
    check_slug(slug)
    package = read_package(folder)
    sources, missing = _sources(package, folder)
    if missing:
        return Step(slug, Done.SKIPPED, _how_to_make(folder, missing))
    with db.read() as session:
        known = datasets.find(session, slug)
        digests = {v.number: v.digest for v in known.versions} if known else {}
        names = datasets.table_names(known) if known else set()
    if digests.get(package.version) == digest_of(package, sources):
        return Step(slug, Done.UNCHANGED)
    intake = import_files(package, sources, storage, known=names)
    with db.write() as session:
        version = datasets.upsert(session, slug, intake, now)
        problems = datasets.problems_of(version)
        if not problems:
            datasets.publish(version, now)
    done = Done.CHANGED if digests else Done.ADDED
    diff = None if package.version in digests else _diff(db, storage, slug)
    return Step(slug, done, " ".join(problems), diff)


def _diff(db: Database, storage: Storage, slug: str) -> Diff | None:
    with db.read() as session:
        return changes.since_published(datasets.newest(session, slug), storage)


def _sources(package: DatasetPackage, folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Each table's file, and the names of those that are not there."""
    sources: dict[str, Path] = {}
    missing: list[str] = []
    for at, table in enumerate(package.tables):
        if table.file is None:
            raise UnreadablePackage(
                f"{table.name}: a table by url is added with `newsletter dataset add URL`.",
                {f"tables.{at}.url": "name a file of the folder"},
            )
        path = folder / table.file
        sources[table.name] = path
        if not path.is_file():
            missing.append(table.file)
    return sources, missing


def _how_to_make(folder: Path, missing: list[str]) -> str:
    made_by = folder / "prepare.py"
    how = f": `python {made_by}` makes it" if made_by.is_file() else ""
    return f"{', '.join(missing)} has not been made{how}."
