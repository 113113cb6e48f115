"""What is made of published data for readers, once, and kept in storage: by a task, as a request
of a stranger starts no work that others have to wait for.

Of one result one task is under way (its key); of each kind one runs, and a few may wait.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.catalog import datasets
from newsletter.catalog.versions import changes, first_rows_picture, spreadsheet_files
from newsletter.errors import Busy
from newsletter.installation import Installation
from newsletter.models import public_change
from newsletter.models.dataset import Version
from newsletter.models.task import UNFINISHED, Task, TaskState
from newsletter.storage.encodings import encoded
from newsletter.tasks.attempt import Attempt
from newsletter.tasks.definition import Definition, Run
from newsletter.tasks.queueing import FOR_A_READER, defer

MOST = 16  # of each kind that are not finished
AFTER_ANYTHING_ELSE = -10
NOT_AGAIN_FOR = timedelta(days=1)  # after it failed, of which curators were told
TRY_LATER = "There is much to be made just now: try again in a minute."
BROKEN = "This could not be made. The curators have been told: try again tomorrow."


def _made_for_readers(name: str, title: str, run: Run, what: str) -> Definition:
    """A task that makes a file once, one of its kind at a time: ``what`` names the file by the
    parameters of ``run``."""
    return Definition(
        name=name,
        title=title,
        run=run,
        priority=AFTER_ANYTHING_ELSE,
        retries=1,
        lock=name,
        key=f"{name} {what}",
    )


def compare_versions(attempt: Attempt, slug: str, before: str, after: str, pair: str) -> None:
    """Compare two published versions, table by table."""
    opened = attempt.installation
    with opened.db.read() as session:
        old, new = (datasets.published(session, slug, number) for number in (before, after))
        number = len({t.name for t in old.tables} & {t.name for t in new.tables})
    attempt.progress(total=number, note=f"{slug} {before} to {after}")
    for done, _ in enumerate(changes.compare(old, new, opened.storage), start=1):
        attempt.progress(done)
    with opened.db.write() as session:
        public_change.note(session)  # the dataset's page says what changed


COMPARE_VERSIONS = _made_for_readers(
    "compare-versions", "Compare two versions", compare_versions, "{pair}"
)


def encode_file(attempt: Attempt, file_key: str, encoding: str) -> None:
    """Compress a stored file for those who download it."""
    encoded(attempt.installation.storage, file_key, encoding)


ENCODE_FILE = _made_for_readers(
    "encode-file", "Compress a file for readers", encode_file, "{file_key} {encoding}"
)


def make_workbook(attempt: Attempt, slug: str, number: str, table: str, place: str) -> None:
    """Make a table of a published version a workbook."""
    opened = attempt.installation
    with opened.db.read() as session:
        wanted = datasets.table_of(datasets.published(session, slug, number), table)
    spreadsheet_files.workbook(wanted, opened.storage)


MAKE_WORKBOOK = _made_for_readers(
    "make-workbook", "Make a table a workbook for readers", make_workbook, "{place}"
)


def draw_first_rows(attempt: Attempt, slug: str, number: str, place: str) -> None:
    """Draw the picture of a published version without a chart."""
    opened = attempt.installation
    with opened.db.read() as session:
        version = datasets.published(session, slug, number)
    first_rows_picture.draw(version, opened.storage)
    with opened.db.write() as session:
        public_change.note(session)  # the dataset's page names it


DRAW_FIRST_ROWS = _made_for_readers(
    "draw-first-rows",
    "Draw the first rows of a dataset for previews of links",
    draw_first_rows,
    "{place}",
)


def ask_for_comparison(
    installation: Installation, old: Version, new: Version, now: datetime
) -> None:
    """Have two published versions of a dataset compared. Raises Busy."""
    _ask_for(
        installation,
        COMPARE_VERSIONS,
        now,
        slug=new.dataset.slug,
        before=old.number,
        after=new.number,
        pair=changes.fingerprint(old, new),
    )


def ask_for_encoding(installation: Installation, key: str, encoding: str, now: datetime) -> None:
    """Have a stored file compressed. Raises Busy."""
    _ask_for(installation, ENCODE_FILE, now, file_key=key, encoding=encoding)


def ask_for_workbook(
    installation: Installation, version: Version, table: str, place: str, now: datetime
) -> None:
    """Have a table of a published version made a workbook, to be kept at ``place``. Raises
    Busy."""
    _ask_for(
        installation,
        MAKE_WORKBOOK,
        now,
        slug=version.dataset.slug,
        number=version.number,
        table=table,
        place=place,
    )


def ask_for_first_rows(
    installation: Installation, version: Version, place: str, now: datetime
) -> None:
    """Have the picture of a published version without a chart drawn, to be kept at ``place``.
    Raises Busy."""
    _ask_for(
        installation,
        DRAW_FIRST_ROWS,
        now,
        slug=version.dataset.slug,
        number=version.number,
        place=place,
    )


def _ask_for(
    installation: Installation, definition: Definition, now: datetime, **arguments: Any
) -> None:
    """Promise a task for a reader. Whoever asks while it is under way takes no lock for it."""
    with installation.db.read() as session:
        if _is_under_way(session, definition, now, **arguments):
            return
    with installation.db.write() as session:
        if _is_under_way(session, definition, now, **arguments):
            return
        defer(session, definition, FOR_A_READER, now, **arguments)


def _is_under_way(
    session: Session, definition: Definition, now: datetime, **arguments: Any
) -> bool:
    """Raises Busy where it is not, and may not be begun."""
    last = session.scalar(
        select(Task)
        .where(Task.name == definition.name, Task.key == definition.key_of(arguments))
        .order_by(Task.id.desc())
        .limit(1)
    )
    if last is not None and last.is_unfinished:
        return True
    if (
        last is not None
        and last.state is TaskState.FAILED
        and last.finished_at is not None
        and last.finished_at > now - NOT_AGAIN_FOR
    ):
        raise Busy(BROKEN)
    unfinished = select(func.count()).where(
        Task.name == definition.name, Task.state.in_(UNFINISHED)
    )
    if (session.scalar(unfinished) or 0) >= MOST:
        raise Busy(TRY_LATER)
    return False
