"""Files that come in pieces, so that what is here is not sent again, whatever happens between.

Each piece is a file of its own in storage, which all machines share, and a row says which
belong to an upload. They become one file where somebody reads it (upload_files.py).
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from newsletter.errors import Conflict, Damaged, NotFound, TooLarge, TooMany
from newsletter.file_names import bare_name
from newsletter.installation import Installation
from newsletter.models.curator import Curator
from newsletter.models.upload import Upload, UploadPiece
from newsletter.services.datasets.upload_files import (
    ENDING,
    GONE,
    UNFINISHED_FOR,
    WHOLE_FOR,
    forget,
    key_of,
)
from newsletter.storage import Stored

GB = 1024**3
FILE_BYTES = 2 * GB
PIECE_BYTES = 8 * 1024**2
# Of one curator, until they are part of a dataset.
UNFINISHED_AT_MOST = 20
BYTES_AT_MOST = 10 * GB
PIECES_AT_MOST = 20_000  # of a file, so that nobody makes one of two billion


@dataclass(frozen=True, slots=True)
class Checksum:
    """Of a piece, as its sender has it."""

    algorithm: str  # one that hashlib knows
    digest: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload is."""

    key: str  # of the file, for ``upload_files``
    name: str
    length: int
    received: int
    expires_at: datetime  # unless another piece comes

    @property
    def is_whole(self) -> bool:
        return self.received == self.length

    @classmethod
    def of(cls, upload: Upload) -> "Progress":
        lasts = WHOLE_FOR if upload.is_whole else UNFINISHED_FOR
        return cls(
            key_of(upload), upload.name, upload.length, upload.received, upload.touched_at + lasts
        )


def begin(
    installation: Installation, curator_id: int, name: str, length: int, now: datetime
) -> tuple[str, Progress]:
    """A new upload of ``length`` bytes, and the token by which its curator names it.

    Raises TooLarge, NoRoom, or TooMany where the curator has too many that wait.
    """
    if length > FILE_BYTES:
        most = FILE_BYTES // GB
        raise TooLarge(f"A file may have {most} GB at most: pack it, or give its web address.")
    installation.storage.refuse_without_room(2 * length)  # its pieces, and they joined
    token = secrets.token_urlsafe(32)
    upload = Upload(
        token_hash=_hash(token),
        curator_id=curator_id,
        name=bare_name(name),
        length=length,
        received=0,
        created_at=now,
        touched_at=now,
    )
    with installation.db.write() as session:
        # Two uploads that begin at once are counted one after the other.
        session.get_one(Curator, curator_id, with_for_update=True)
        _refuse_too_many(session, curator_id, length)
        session.add(upload)
    return token, Progress.of(upload)


def progress(installation: Installation, curator_id: int, token: str) -> Progress:
    """How far an upload of the curator's is. Raises NotFound."""
    with installation.db.read() as session:
        return Progress.of(_get(session, curator_id, token))


def append(
    installation: Installation,
    curator_id: int,
    token: str,
    offset: int,
    chunks: Iterable[bytes],
    now: datetime,
    checksum: Checksum | None = None,
) -> Progress:
    """Keep a piece that begins at ``offset``: all of it that ``chunks`` has.

    Raises NotFound, Conflict where the upload is not at ``offset``, TooLarge, Damaged, and
    OSError where storage does not take it; of that piece, nothing is kept then.
    """
    with installation.db.read() as session:
        upload = _get(session, curator_id, token)
        _refuse_other_offset(upload, offset)
        if _count_pieces(session, upload) >= PIECES_AT_MOST:
            raise TooLarge("The file came in too many pieces: send it again, in larger ones.")
    room = min(PIECE_BYTES, upload.length - offset)
    storage, checked = installation.storage, _Checked(chunks, room, checksum)
    # The random part makes the file the piece's own: removing it takes away no other.
    stored = storage.write(checked, f".{secrets.token_hex(5)}{ENDING}")
    try:
        checked.refuse_damaged()
        if stored.size:
            _record(installation, upload, offset, stored, now)
        else:
            storage.remove(stored.key)
    except (Damaged, Conflict):
        storage.remove(stored.key)
        raise
    return progress(installation, curator_id, token)


def discard(installation: Installation, curator_id: int, token: str) -> None:
    """Remove an upload of the curator's. Raises NotFound."""
    forget(installation, [progress(installation, curator_id, token).key])


class _Checked:
    """Chunks, of at most so many bytes in all, whose hash is taken as they go by."""

    def __init__(self, chunks: Iterable[bytes], room: int, checksum: Checksum | None) -> None:
        self._chunks, self._room, self._checksum = chunks, room, checksum
        self._hash = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._room -= len(chunk)
            if self._room < 0:
                raise TooLarge("The piece is larger than pieces may be, or than what is to come.")
            if self._hash is not None:
                self._hash.update(chunk)
            yield chunk

    def refuse_damaged(self) -> None:
        if self._checksum and self._hash and self._hash.digest() != self._checksum.digest:
            raise Damaged("The piece did not arrive as it was sent: send it again.")


def _record(
    installation: Installation, upload: Upload, offset: int, piece: Stored, now: datetime
) -> None:
    """Count a piece that is stored. Of two that came at once, one is; the other raises Conflict."""
    with installation.db.write() as session:
        upload_id = session.scalar(
            update(Upload)
            .where(Upload.token_hash == upload.token_hash, Upload.received == offset)
            .values(received=offset + piece.size, touched_at=now)
            .returning(Upload.id)
            .execution_options(synchronize_session=False)
        )
        if upload_id is None:
            raise Conflict("Another piece came before this one: ask how much is here.")
        session.add(UploadPiece(upload_id=upload_id, start=offset, key=piece.key))


def _refuse_other_offset(upload: Upload, offset: int) -> None:
    if upload.received != offset:
        raise Conflict(f"{upload.received} bytes are here, not {offset}: go on from there.")


def _refuse_too_many(session: Session, curator_id: int, length: int) -> None:
    own = Upload.curator_id == curator_id
    unfinished = select(func.count()).where(own, Upload.received < Upload.length)
    if (session.scalar(unfinished) or 0) >= UNFINISHED_AT_MOST:
        raise TooMany(
            f"{UNFINISHED_AT_MOST} of your uploads are unfinished, the most there may be: go on"
            " with one, discard one, or wait a day."
        )
    waiting = int(session.scalar(select(func.sum(Upload.length)).where(own)) or 0)
    if waiting + length > BYTES_AT_MOST:
        raise TooMany(
            f"Your uploads that no dataset has yet would have over {BYTES_AT_MOST // GB} GB"
            " together: save their forms, discard one, or wait until they are removed."
        )


def _count_pieces(session: Session, upload: Upload) -> int:
    own = UploadPiece.upload_id == upload.id
    return session.scalar(select(func.count()).select_from(UploadPiece).where(own)) or 0


def _get(session: Session, curator_id: int, token: str) -> Upload:
    """Raises NotFound, also for another curator's."""
    is_own = (Upload.token_hash == _hash(token)) & (Upload.curator_id == curator_id)
    upload = session.scalar(select(Upload).where(is_own))
    if upload is None:
        raise NotFound(GONE)
    return upload


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
