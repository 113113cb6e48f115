"""Where table files live: each under the SHA-256 of its content.

A key is the hash in hex and the file's suffix (``9f86….parquet``). The same
content has the same key, so putting twice stores once, and a stored file
never changes.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Self
from urllib.parse import unquote, urlsplit

from newsletter.errors import BadSetting, NoRoom, NotFound

KEY = re.compile(r"[0-9a-f]{64}(\.[a-z0-9]{1,10})*")
CHUNK = 1024 * 1024
RESERVE = 512 * CHUNK  # bytes of the disk that no upload takes: the database needs room, too
STAGING = "incoming"  # the folder of what is being written


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was put here."""

    key: str
    size: int  # in bytes


class Storage:
    """Files in a directory, two levels deep by the key's first four digits."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def from_url(cls, url: str) -> Self:
        """The storage at ``file:///path`` or at a plain path. Raises BadSetting."""
        parts = urlsplit(url)
        if not parts.scheme and url:
            return cls(Path(url))
        if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path:
            return cls(Path(unquote(parts.path)))
        raise BadSetting(
            f"The storage address {parts.scheme or 'is empty'}: use a path or file:///path."
        )

    def put(self, source: Path, suffix: str | None = None) -> str:
        """Store a copy of ``source`` and return its key."""
        ending = "".join(source.suffixes[-1:]) if suffix is None else suffix
        with source.open("rb") as file:
            return self.write(iter(lambda: file.read(CHUNK), b""), ending).key

    def write(self, chunks: Iterable[bytes], suffix: str = "") -> Stored:
        """Store what ``chunks`` has, one after the other, as one file.

        The file appears whole or not at all: it is written beside its place,
        flushed to the disk and renamed, so a kill leaves no half file under a key.
        """
        handle, temporary = self._staged()
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(handle, "wb") as target:
                for chunk in chunks:
                    digest.update(chunk)
                    size += target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
            key = digest.hexdigest()
            key += suffix.lower() if KEY.fullmatch(key + suffix.lower()) else ""
            self._placed(temporary, key)
        finally:
            temporary.unlink(missing_ok=True)
        return Stored(key, size)

    @contextmanager
    def joined(self, keys: Iterable[str]) -> Iterator[Path]:
        """The files of ``keys``, one after the other, as one file for as long as the block
        runs. Raises NotFound."""
        handle, temporary = self._staged()
        try:
            with os.fdopen(handle, "wb") as target:
                for key in keys:
                    with self.open(key) as file:
                        shutil.copyfileobj(file, target, CHUNK)
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    def derived(self, key: str, suffix: str, write: Callable[[BinaryIO, BinaryIO], None]) -> Path:
        """The file beside ``key`` that ``write`` makes of it, made when it is first asked for.

        Its name is the key and ``suffix``; it can be removed at any time. Raises NotFound.
        """
        place = self.path(key + suffix)
        if place.is_file():
            return place
        with self.open(key) as source:
            handle, temporary = self._staged()
            try:
                with os.fdopen(handle, "wb") as target:
                    write(source, target)
                self._placed(temporary, key + suffix)
            finally:
                temporary.unlink(missing_ok=True)
        return place

    def open(self, key: str) -> BinaryIO:
        """The file of ``key``, to read. Raises NotFound."""
        try:
            return self.path(key).open("rb")
        except FileNotFoundError as error:
            raise _no_such(key) from error

    def path(self, key: str) -> Path:
        """Where ``key`` is or would be. Raises NotFound for what is not a key."""
        if not KEY.fullmatch(key):
            raise _no_such(key)
        return self.root / key[:2] / key[2:4] / key

    def size(self, key: str) -> int:
        """The file's size in bytes. Raises NotFound."""
        try:
            return self.path(key).stat().st_size
        except FileNotFoundError as error:
            raise _no_such(key) from error

    def unused(
        self, ending: str, used: Container[str], before: datetime | None = None
    ) -> list[str]:
        """The keys that end in ``ending``, are not ``used`` and were last put before a moment,
        if one is given. An ending of its own keeps others' files apart."""
        return [
            path.name
            for path in self.root.glob(f"??/??/*{ending}")
            if path.name not in used and (before is None or _put_before(path, before))
        ]

    def refuse_without_room(self, size: int) -> None:
        """Raises NoRoom where ``size`` more bytes would fill the disk."""
        self.root.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.root).free - size < RESERVE:
            raise NoRoom("The disk of the server is full: ask who runs it to make room.")

    def remove_staged(self, before: datetime) -> None:
        """Remove what a killed process had begun to store before a moment."""
        for path in (self.root / STAGING).glob("*"):
            if _put_before(path, before):
                path.unlink(missing_ok=True)

    def remove(self, key: str) -> None:
        """Remove a file, if it is there. Raises NotFound for what is not a key, and OSError."""
        self.path(key).unlink(missing_ok=True)

    def remove_derived(self, key: str, suffix: str = "") -> None:
        """Remove the files beside ``key`` that were made of it, or those whose further name
        begins with ``suffix``. Raises NotFound for what is not a key, and OSError."""
        place = self.path(key)
        for path in place.parent.glob(f"{key}{suffix}.*"):
            path.unlink(missing_ok=True)

    def put_before(self, key: str, moment: datetime) -> bool:
        """Whether the file of ``key`` is there, and was last put before ``moment``."""
        return _put_before(self.path(key), moment)

    def exists(self, key: str) -> bool:
        return KEY.fullmatch(key) is not None and self.path(key).is_file()

    def _staged(self) -> tuple[int, Path]:
        """A new file to write to, open, on the same disk."""
        staging = self.root / STAGING
        staging.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=staging)
        return handle, Path(name)

    def _placed(self, temporary: Path, key: str) -> None:
        place = self.path(key)
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(place)
        _flush_directory(place.parent)


def _put_before(path: Path, moment: datetime) -> bool:
    try:
        return path.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:  # somebody else has removed it meanwhile
        return False


def _flush_directory(directory: Path) -> None:
    """Make a rename in ``directory`` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _no_such(key: str) -> NotFound:
    return NotFound(f"There is no stored file {key[:80]!r}.")
