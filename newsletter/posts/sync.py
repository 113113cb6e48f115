"""From the posts of dataset folders to the catalog. Doing it again changes nothing.

A post that is new becomes a draft: it is published by its mailing, or by a curator's hand.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from newsletter.catalog import datasets
from newsletter.catalog.package.dataset_package import FILE_NAME
from newsletter.catalog.sync import READ_AT_ONCE, Done, Step
from newsletter.db import Database
from newsletter.errors import Conflict, NotFound, Refused
from newsletter.posts import posts
from newsletter.posts.intake import ImportedPost, PostFile, digest_of, import_post
from newsletter.posts.reading.parsed_post import FORMS, MAX_BYTES
from newsletter.posts.run_record import path_beside, read_record
from newsletter.storage import Storage

FOLDER = "posts"


def sync(db: Database, storage: Storage, root: Path, now: datetime) -> Iterator[Step]:
    """Bring the posts of each dataset folder of ``root`` (or of ``root`` itself), and what
    came of running them. One that is refused stops no other; none is published.

    Of two files that would be the same post the one that is it already stays it, else the
    first; the other is refused.
    """
    folders = [root] if (root / FILE_NAME).is_file() else sorted(root.iterdir())
    files = [path for folder in folders for path in files_of(folder)]
    unchanged = _unchanged(db, files)
    owners = {slug: path for path, slug in unchanged.items()}

    def read(path: Path) -> ImportedPost | Refused | None:
        return None if path in unchanged else _read(db, storage, path)

    with ThreadPoolExecutor(READ_AT_ONCE) as readers:
        for path, result in zip(files, readers.map(read, files), strict=True):
            name = f"{_dataset(path)}/{path.name}"
            if result is None:
                yield Step(name, Done.UNCHANGED)
            elif isinstance(result, NotFound):
                yield Step(name, Done.SKIPPED, str(result))
            elif isinstance(result, Refused):
                yield Step(name, Done.REFUSED, str(result))
            else:
                yield _step(db, path, name, result, owners, now)


def files_of(dataset_folder: Path) -> list[Path]:
    """The posts in the folder of a dataset, in the order of their names."""
    paths = (path for form in FORMS for path in (dataset_folder / FOLDER).glob(f"*.{form}"))
    return sorted(path for path in paths if path.name != "README.md")


def _unchanged(db: Database, files: Sequence[Path]) -> dict[Path, str]:
    """The files that posts were made from just as they are, each with the slug of its post."""
    slug_of = {}
    with db.read() as session:
        for path in files:
            known = datasets.find(session, _dataset(path))
            slugs = posts.slugs_by_digest(session, known) if known else {}
            with suppress(Refused):  # it is refused when it is read
                slug = slugs.get(digest_of(_file(path)))
                if slug is not None:
                    slug_of[path] = slug
    return slug_of


def _read(db: Database, storage: Storage, path: Path) -> ImportedPost | Refused:
    with db.read() as session:
        if datasets.find(session, _dataset(path)) is None:
            return NotFound(f"The dataset {_dataset(path)} is not in the catalog.")
    try:
        return import_post(_file(path), storage)
    except Refused as error:
        return error


def _step(
    db: Database, path: Path, name: str, taken: ImportedPost, owners: dict[str, Path], now: datetime
) -> Step:
    try:
        with db.write() as session:
            dataset = datasets.get(session, _dataset(path))
            slug = posts.slug_of(session, dataset, taken)
            owner = owners.setdefault(slug, path)
            if owner != path:
                raise Conflict(
                    f"{owner.name} is the post {slug!r} already: "
                    "give this one another slug in its front matter."
                )
            version = posts.version_for(session, dataset, taken)
            is_new = posts.find(session, slug) is None
            post = posts.upsert(session, version, taken, now)
            problems = posts.problems_of(post)
    except Refused as error:
        return Step(name, Done.REFUSED, str(error))
    return Step(name, Done.ADDED if is_new else Done.CHANGED, " ".join(problems))


def _dataset(path: Path) -> str:
    """The slug of the dataset in whose folder a post is."""
    return path.resolve().parents[1].name


def _file(path: Path) -> PostFile:
    """Raises Refused for a record of a run that is none."""
    return PostFile(path.name, _content(path), read_record(path_beside(path)))


def _content(path: Path) -> bytes:
    """One byte more than a post may have, at most: import_post refuses it then."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
