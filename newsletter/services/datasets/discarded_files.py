"""Removing from storage what was given up, where nothing else has the same bytes."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.installation import Installation
from newsletter.models.dataset import DiscardedFile, PendingIngest, Table, Version, Withdrawal
from newsletter.models.post import Post
from newsletter.posts import cells
from newsletter.submissions import queue

# What was put a moment ago may be of a transaction that has not committed.
SETTLED = timedelta(hours=1)


def discarded(session: Session) -> dict[str, bool]:
    """The key of each file that was given up, and whether something else has it."""
    keys = session.scalars(select(DiscardedFile.key)).all()
    used = set(_used(session)) if keys else set()
    return {key: key in used for key in keys}


def remove(installation: Installation, key: str, is_used: bool, now: datetime) -> None:
    """Remove a file that was given up, and what was made of it, unless it ``is_used``; one that
    was put just now waits. Raises OSError."""
    storage = installation.storage
    if not is_used:
        if storage.exists(key) and not storage.put_before(key, now - SETTLED):
            return
        storage.remove_derived(key)
        storage.remove(key)
    with installation.db.write() as session:
        session.execute(delete(DiscardedFile).where(DiscardedFile.key == key))


def _used(session: Session) -> Iterator[str]:
    stays = Withdrawal.erased_at.is_(None)
    of_tables = select(Table.files).join(Table.version).outerjoin(Version.withdrawal).where(stays)
    for files in session.scalars(of_tables):
        yield from (file["key"] for file in files.values())
    for png, svg in session.execute(select(Version.chart_png, Version.chart_svg)):
        yield from filter(None, (png, svg))
    for source, shown in session.execute(select(Post.source_key, Post.cells)):
        yield from (source, *(figure.key for figure in cells.figures(cells.from_json(shown))))
    for sources in session.scalars(select(PendingIngest.files)):
        yield from _keys(sources.values())
    yield from queue.kept_files(session)


def _keys(sources: Iterable[dict[str, str]]) -> Iterator[str]:
    return filter(None, (source.get("key") for source in sources))
