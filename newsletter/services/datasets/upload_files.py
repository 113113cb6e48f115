"""Files that forms and tasks name by a key: one in storage, or the pieces of an upload.

The pieces are joined where somebody reads them, on that machine's disk: no request that
brings one waits for two gigabytes.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.catalog.discarding import discard_keys
from newsletter.errors import NotFound
from newsletter.installation import Installation
from newsletter.models.upload import Upload, UploadPiece

PREFIX = "upload-"
KEY = re.compile(rf"{PREFIX}([0-9a-f]{{64}})")  # of an upload, which is no key of storage
ENDING = ".piece"  # of the files that are pieces
UNFINISHED_FOR = timedelta(hours=24)  # after the last piece
WHOLE_FOR = timedelta(days=7)
GONE = "That upload is not here, or no longer: send the file again."


def key_of(upload: Upload) -> str:
    return PREFIX + upload.token_hash


def is_here(installation: Installation, key: str) -> bool:
    """Whether there is a whole file of ``key``."""
    if installation.storage.exists(key):
        return True
    with installation.db.read() as session:
        return _find(session, key) is not None


@contextmanager
def open_file(installation: Installation, key: str) -> Iterator[Path]:
    """The file of ``key``, for as long as the block runs.

    Raises NotFound, and OSError where there is no room to join pieces.
    """
    storage = installation.storage
    if storage.exists(key):
        yield storage.path(key)
        return
    with installation.db.read() as session:
        upload = _find(session, key)
        if upload is None:
            raise NotFound(GONE)
        pieces = _piece_keys(session, UploadPiece.upload_id == upload.id)
    with storage.joined(pieces) as path:
        yield path


def forget(installation: Installation, keys: Iterable[str]) -> None:
    """Remove uploads, which somebody gave up or a dataset has now. A file in storage goes by
    itself, if nothing else has it."""
    for key in filter(None, keys):
        if not KEY.fullmatch(key):
            with installation.db.write() as session:
                discard_keys(session, [key], clock.now())
            continue
        with installation.db.write() as session:
            ids = select(Upload.id).where(_has_key(key))
            pieces = _piece_keys(session, UploadPiece.upload_id.in_(ids))
            session.execute(delete(Upload).where(_has_key(key)))  # and the rows of its pieces
        for piece in pieces:  # the job removes what a killed process leaves of them
            installation.storage.remove(piece)


def stale_keys(session: Session, now: datetime) -> list[str]:
    """Of uploads that nobody goes on with, and of whole ones that nobody used."""
    is_given_up = (Upload.received < Upload.length) & (Upload.touched_at < now - UNFINISHED_FOR)
    is_unused = Upload.touched_at < now - WHOLE_FOR
    stale = select(Upload).where(is_given_up | is_unused).order_by(Upload.id)
    return [key_of(upload) for upload in session.scalars(stale)]


def all_pieces(session: Session) -> set[str]:
    """The files in storage that uploads have."""
    return set(session.scalars(select(UploadPiece.key)))


def _find(session: Session, key: str) -> Upload | None:
    """The whole upload of ``key``."""
    if not KEY.fullmatch(key):
        return None
    is_whole = Upload.received == Upload.length
    return session.scalar(select(Upload).where(_has_key(key), is_whole))


def _piece_keys(session: Session, which: ColumnElement[bool]) -> list[str]:
    keys = select(UploadPiece.key).where(which).order_by(UploadPiece.start)
    return list(session.scalars(keys))


def _has_key(key: str) -> ColumnElement[bool]:
    return Upload.token_hash == key.removeprefix(PREFIX)
