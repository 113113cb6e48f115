"""What lies on disks: room for more, a home and a storage that are ours, and what is in them."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from newsletter.catalog.checks.files import stored_files
from newsletter.doctor.findings import Finding, ok, warning, wrong
from newsletter.faults import user
from newsletter.installation import Installation
from newsletter.models.dataset import Table, Version
from newsletter.models.post import Post
from newsletter.settings import Settings

ENOUGH_BYTES = 500 * 1024 * 1024
FULL_BYTES = 20 * 1024 * 1024  # of which the next issue takes more
NAMED = 3


def examine_disks(installation: Installation) -> Iterator[Finding]:
    """Each disk once, by where something of ours lies on it."""
    settings, db = installation.settings, installation.db
    places = [settings.home, installation.storage.root, Path(tempfile.gettempdir())]
    if db.is_sqlite:
        places.insert(1, Path(str(db.url.database)).parent)
    disks: dict[int, Path] = {}
    for place in places:
        disks.setdefault(_first_that_exists(place).stat().st_dev, place)
    for place in disks.values():
        free = shutil.disk_usage(_first_that_exists(place)).free
        sentence = f"{free / 1e9:.1f} GB are free in {place}"
        if free >= ENOUGH_BYTES:
            yield ok("disk", f"{sentence}.")
        elif free > FULL_BYTES:
            yield warning("disk", f"{sentence}: make room before it is full.")
        else:
            yield wrong(
                "disk",
                f"The disk is full: {sentence}. Nothing can be recorded until you make room.",
            )


def examine_home(settings: Settings) -> Iterator[Finding]:
    """Whether all of it can be written by us: a command that root once ran leaves files behind
    that are root's."""
    storage = Path(settings.storage_url.removeprefix("file://"))
    if settings.home.exists():
        yield from _ownership("home", settings.home, _below(settings.home, 2, storage))


def examine_storage(installation: Installation) -> Iterator[Finding]:
    """Whether more can be stored."""
    folder = installation.storage.root
    with tempfile.NamedTemporaryFile(dir=_first_that_exists(folder)):
        pass
    foreign = list(_ownership("storage", folder, _below(folder, 2)))
    yield from foreign or [ok("storage", f"{folder} can be written.")]


def examine_stored_files(installation: Installation) -> Iterator[Finding]:
    """Whether what the database names is there, and can be read."""
    storage = installation.storage
    with installation.db.read() as session:
        files = _named(session)
    lost = [what for key, what in files.items() if not os.path.lexists(storage.path(key))]
    closed = [
        what
        for key, what in files.items()
        if what not in lost and not os.access(storage.path(key), os.R_OK, effective_ids=True)
    ]
    if lost:
        yield wrong(
            "files",
            f"{len(lost)} of {len(files)} files are not in {storage.root} ({_some(lost)}): see "
            "that NEWSLETTER_STORAGE_URL names the folder they are in, or copy it back from the "
            "backup.",
        )
    if closed:
        yield wrong(
            "files",
            f"{len(closed)} of {len(files)} files cannot be read by {user()} ({_some(closed)}), "
            f"and pages that need them fail: chown -R {user()} {storage.root}, and run every "
            "command as that user.",
        )
    if files and not lost and not closed:
        yield ok("files", f"all {len(files)} that the database names are in storage.")


def _named(session: Session) -> dict[str, str]:
    """What each stored file is, by its key."""
    tables = selectinload(Version.tables).load_only(Table.name, Table.files, Table.position)
    versions = select(Version).options(
        joinedload(Version.dataset), joinedload(Version.withdrawal), tables
    )
    files = {
        file.key: f"{file.slug} {file.what}"
        for version in session.scalars(versions)
        for file in stored_files(version)
    }
    posts = session.execute(select(Post.source_key, Post.slug))
    return files | {key: f"the post {slug}" for key, slug in posts if key}


def _ownership(what: str, folder: Path, paths: Iterable[Path]) -> Iterator[Finding]:
    foreign = [str(path) for path in paths if not _is_writable(path)]
    if foreign:
        yield wrong(
            what,
            f"{len(foreign)} files and folders in {folder} cannot be written by {user()} "
            f"({_some(foreign)}): chown -R {user()} {folder}, and run every command as that user.",
        )


def _is_writable(path: Path) -> bool:
    needed = os.W_OK | os.R_OK | (os.X_OK if path.is_dir() else 0)
    return os.access(path, needed, effective_ids=True)


def _below(folder: Path, depth: int, but: Path | None = None) -> Iterator[Path]:
    """``folder``, and what is in it as deep as that: folders, and the files beside the first."""
    if folder == but or not folder.is_dir():
        return
    yield folder
    if not os.access(folder, os.R_OK | os.X_OK, effective_ids=True):
        return
    for path in sorted(folder.iterdir()):
        if not path.is_dir():
            yield path
        elif depth and path != but:
            yield from _below(path, depth - 1, but) if depth > 1 else [path]


def _some(names: list[str]) -> str:
    more = ", ..." if len(names) > NAMED else ""
    return ", ".join(islice(names, NAMED)) + more


def _first_that_exists(folder: Path) -> Path:
    """A folder, or the nearest one above it: what is not there yet is not made by looking."""
    return next(place for place in (folder, *folder.parents) if place.exists())
