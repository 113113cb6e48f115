"""The posts of an installation's catalog: run, and what came of it kept."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from newsletter.db import Database
from newsletter.models.dataset import Version
from newsletter.models.post import Post, RunStatus
from newsletter.posts import posts
from newsletter.posts.cells import Cell, as_json, from_json
from newsletter.posts.intake import PostFile, import_post
from newsletter.posts.run_record import RunRecord
from newsletter.posts.running.data import Data, DataTable
from newsletter.posts.running.limits import RunLimits
from newsletter.posts.running.run import Ran, Runnable, run_all
from newsletter.storage import Storage


def run_held(
    db: Database, storage: Storage, slugs: Sequence[str], limits: RunLimits, now: datetime
) -> Iterator[Ran]:
    """Run the posts of ``slugs``; what came of each, in their order, and recorded.

    Raises NotFound. No transaction is open while a post runs.
    """
    with db.read() as session:
        runnables = [_runnable(posts.get(session, slug), storage) for slug in slugs]
    for ran in run_all(runnables, limits, now):
        if ran.record is not None:
            _keep(db, storage, ran.name, ran.record, now)
        yield ran


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


def _keep(db: Database, storage: Storage, slug: str, record: RunRecord, now: datetime) -> None:
    """Record a run. A post in Markdown shows the outputs of the last one that went through; a
    notebook brings its own."""
    with db.read() as session:
        post = posts.get(session, slug)
    taken = None
    if post.form == "md" and record.status is RunStatus.RAN:
        taken = import_post(PostFile(f"{slug}.md", _content(post, storage), record), storage)
    with db.write() as session:
        post = posts.get(session, slug)
        posts.record_run(post, record)
        if taken is not None and taken.source_key == post.source_key:
            _show(post, taken.cells, now)


def _show(post: Post, shown: tuple[Cell, ...], now: datetime) -> None:
    if shown != from_json(post.cells):
        post.cells = as_json(shown)
        post.modified_at = now


def _content(post: Post, storage: Storage) -> bytes:
    with storage.open(post.source_key) as file:
        return file.read()
