"""From the posts of dataset folders to the house. Doing it again changes nothing.

A post that is new becomes a draft: it is published by its mailing, or by a curator's hand.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from newsletter.catalog import datasets
from newsletter.catalog.package import FILE_NAME
from newsletter.catalog.storage import Storage
from newsletter.catalog.sync import READ_AT_ONCE, Done, Step
from newsletter.db import Database
from newsletter.errors import Refused
from newsletter.posts import posts
from newsletter.posts.intake import PostFile, digest_of, take_in
from newsletter.posts.reading.written import FORMS, MAX_BYTES
from newsletter.posts.run_record import path_beside, read_record

FOLDER = "posts"


def sync(db: Database, storage: Storage, root: Path, now: datetime) -> Iterator[Step]:
    """Bring the posts of each dataset folder of ``root`` (or of ``root`` itself), and what
    came of running them. One that is refused stops no other; none is published."""
    folders = [root] if (root / FILE_NAME).is_file() else sorted(root.iterdir())
    files = [path for folder in folders for path in files_of(folder)]
    with ThreadPoolExecutor(READ_AT_ONCE) as readers:
        yield from readers.map(lambda path: _step(db, storage, path, now), files)


def files_of(dataset_folder: Path) -> list[Path]:
    """The posts in the folder of a dataset, in the order of their names."""
    found = (path for form in FORMS for path in (dataset_folder / FOLDER).glob(f"*.{form}"))
    return sorted(path for path in found if path.name != "README.md")


def _step(db: Database, storage: Storage, path: Path, now: datetime) -> Step:
    dataset = path.resolve().parents[1].name
    name = f"{dataset}/{path.name}"
    try:
        done, note = _sync_one(db, storage, dataset, path, now)
    except Refused as error:
        return Step(name, Done.REFUSED, str(error))
    return Step(name, done, note)


def _sync_one(
    db: Database, storage: Storage, slug: str, path: Path, now: datetime
) -> tuple[Done, str]:
    with db.read() as session:
        known = datasets.find(session, slug)
        if known is None:
            return Done.SKIPPED, f"The dataset {slug} is not in the catalog."
        digests = posts.digests_of(session, known)
    file = PostFile(path.name, _content(path), read_record(path_beside(path)))
    if digest_of(file) in digests:
        return Done.UNCHANGED, ""
    taken = take_in(file, storage)
    with db.write() as session:
        dataset = datasets.get(session, slug)
        version = posts.version_for(session, dataset, taken)
        is_new = posts.find(session, posts.slug_of(dataset, taken)) is None
        post = posts.bring_up(session, version, taken, now)
        problems = posts.problems_of(post)
    return Done.ADDED if is_new else Done.CHANGED, " ".join(problems)


def _content(path: Path) -> bytes:
    """One byte more than a post may have, at most: take_in refuses it then."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
