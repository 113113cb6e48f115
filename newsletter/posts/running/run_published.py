"""The posts of an installation's catalog: run, and what came of it kept."""

from collections.abc import Callable, Generator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.models.dataset import Version
from newsletter.models.post import Post, RunStatus
from newsletter.posts import posts
from newsletter.posts.cells import Cell, as_json, from_json
from newsletter.posts.intake import ImportedPost, PostFile, import_post
from newsletter.posts.running.data import Data, DataTable
from newsletter.posts.running.limits import RunLimits
from newsletter.posts.running.run import Ran, Runnable, nothing, run_all
from newsletter.storage import Storage


def run_held(
    db: Database,
    storage: Storage,
    slugs: Sequence[str],
    limits: RunLimits,
    now: datetime,
    on_wait: Callable[[], None] = nothing,
) -> Generator[Ran]:
    """Run the posts of ``slugs``; what came of each, in their order. ``on_wait`` is called
    meanwhile, and may raise.

    Raises NotFound. No transaction is open while a post runs.
    """
    with db.read() as session:
        runnables = [_runnable(posts.get(session, slug), storage) for slug in slugs]
    yield from run_all(runnables, limits, now, on_wait)


def _runnable(post: Post, storage: Storage) -> Runnable:
    name, content = f"{post.slug}.{post.form}", _content(post, storage)
    return Runnable.of(post.slug, name, content, _data_of(post.version, storage))


def _data_of(version: Version, storage: Storage) -> Data:
    files = {table.name: table.files for table in version.tables}

    def table(name: str) -> DataTable:
        csv, parquet = (storage.path(files[name][kind]["key"]) for kind in ("csv", "parquet"))
        return DataTable(csv, parquet, files[name]["parquet"]["sha256"])

    origins = {table.name: table.origin.rpartition("/")[2] for table in version.tables}
    return Data(origins, table)


def shown_cells(db: Database, storage: Storage, ran: Ran) -> ImportedPost | None:
    """A post in Markdown with the outputs of a run that went through, which it shows from then
    on; None for another: a notebook brings its own."""
    record = ran.record
    if record is None or record.status is not RunStatus.RAN:
        return None
    with db.read() as session:
        post = posts.get(session, ran.name)
    if post.form != "md":
        return None
    return import_post(PostFile(f"{ran.name}.md", _content(post, storage), record), storage)


def keep(session: Session, ran: Ran, taken: ImportedPost | None, now: datetime) -> None:
    """Record a run, and show its outputs if the post is still the same."""
    if ran.record is None:
        return
    post = posts.get(session, ran.name)
    posts.record_run(post, ran.record)
    if taken is not None and taken.source_key == post.source_key:
        _show(post, taken.cells, now)


def _show(post: Post, shown: tuple[Cell, ...], now: datetime) -> None:
    if shown != from_json(post.cells):
        post.cells = as_json(shown)
        post.modified_at = now


def _content(post: Post, storage: Storage) -> bytes:
    with storage.open(post.source_key) as file:
        return file.read()
