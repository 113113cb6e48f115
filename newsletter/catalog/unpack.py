"""Take the one table out of a gzip file or a zip archive, into a file of ours."""

import gzip
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Protocol

from newsletter.errors import UnreadableTable

CHUNK = 1024 * 1024


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def unpack(source: Path, name: str, kind: str, target: Path, limit: int) -> str:
    """Write what ``source`` (of ``kind`` gzip or zip) holds to ``target``.

    Returns the packed file's name. Nothing is ever written at a name that the
    archive chose. Raises UnreadableTable when it is damaged, holds other than
    one file, or unpacks to more than ``limit`` bytes.
    """
    try:
        if kind == "gzip":
            with gzip.open(source) as packed:
                _copy(packed, target, limit)
            return name.removesuffix(".gz")
        with zipfile.ZipFile(source) as archive:
            entry = _only_file(archive)
            with archive.open(entry) as packed:
                _copy(packed, target, limit)
            return PurePosixPath(entry.filename).name
    except RuntimeError as error:  # how zipfile says that it needs a password
        raise UnreadableTable("The zip archive has a password: pack it without one.") from error
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise UnreadableTable(f"The {kind} archive is damaged: pack it again.") from error


def _only_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    files = [entry for entry in archive.infolist() if _is_wanted(entry)]
    if any(stat.S_ISLNK(entry.external_attr >> 16) for entry in files):
        raise UnreadableTable("The zip archive holds a link: pack the table itself.")
    if len(files) == 1:
        return files[0]
    raise UnreadableTable(
        f"The zip archive holds {len(files)} files: give an archive of exactly one table."
    )


def _is_wanted(entry: zipfile.ZipInfo) -> bool:
    """Whether it is more than a folder or what an operating system adds."""
    path = PurePosixPath(entry.filename)
    return not (entry.is_dir() or path.name.startswith(".") or path.parts[:1] == ("__MACOSX",))


def _copy(packed: _Readable, target: Path, limit: int) -> None:
    size = 0
    with target.open("wb") as file:
        while chunk := packed.read(CHUNK):
            size += len(chunk)
            if size > limit:
                raise UnreadableTable(
                    f"The archive unpacks to more than {limit:,} bytes: give a smaller table."
                )
            file.write(chunk)
