"""Take a table out of a compressed file or an archive, into a file of ours.

Nothing is ever written at a name that the archive chose, no link is followed,
and what comes out is counted while it comes.
"""

import bz2
import gzip
import lzma
import stat
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.file_kinds import BY_NAME, PACKINGS, TABLE_ENDINGS
from newsletter.tables.reading.table_choice import choose

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHUNK = 1024 * 1024
STACKED = ", or make one table of files of one shape with `--stack`"
WINDOW = {zstd.DecompressionParameter.window_log_max: 27}  # a frame has us hold 128 MB at most
DAMAGED = (
    *(OSError, EOFError, ValueError, NotImplementedError, zlib.error, lzma.LZMAError),
    *(zipfile.BadZipFile, tarfile.TarError, zstd.ZstdError),
)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken out of an archive."""

    name: str  # of the file, without its folders
    table: str | None  # which table of that file is wanted
    note: str | None  # on what was left where it is


def decompress(source: Path, name: str, kind: str, target: Path, limit: int) -> str:
    """Write what ``source`` (of a ``kind`` of OPENERS) holds to ``target``.

    Returns the name without its ending. Raises UnreadableTable when it is
    damaged or comes to more than ``limit`` bytes.
    """
    with _damage_told(kind), OPENERS[kind](source) as packed:
        _copy(packed, target, limit)
    path = PurePosixPath(name)
    if path.suffix.lower() == ".tgz":
        return f"{path.stem}.tar"
    return path.stem if path.suffix.lower() in ENDINGS[kind] else name


def take_out(source: Path, kind: str, wanted: str | None, target: Path, limit: int) -> Taken:
    """Write the one file of ``source`` (of ``kind`` zip or tar) that is ``wanted`` to ``target``.

    ``wanted`` may go on to a table of that file: ``sales.xlsx/North``. Raises
    UnreadableTable, and SeveralTables when there is a choice and nobody made it.
    """
    with _damage_told(kind), ARCHIVES[kind](source) as (files, open_file):
        if not files:
            raise _holds_none(kind)
        tables, note = _tables(list(files))
        chosen, inner = _chosen(tables, wanted, kind)
        with open_file(files[chosen]) as packed:
            _copy(packed, target, limit)
    return Taken(PurePosixPath(chosen).name, inner, note if wanted is None else None)


def list_tables(source: Path, kind: str) -> tuple[list[str], str | None]:
    """The files of ``source`` (of ``kind`` zip or tar) that are tables, in the order of their
    names, and a note on what else it holds. Raises UnreadableTable."""
    with _damage_told(kind), ARCHIVES[kind](source) as (files, _):
        tables, note = _tables(list(files))
    if not tables:
        raise _holds_none(kind)
    return sorted(tables), note


def take_each(
    source: Path, kind: str, names: Sequence[str], target: Path, limit: int
) -> Iterator[str]:
    """Write the files ``names`` of ``source`` to ``target``, one in the place of the other, and
    give the name of each while it is there. Raises UnreadableTable as ``take_out`` does, when
    all of them come to more than ``limit`` bytes."""
    with _damage_told(kind), ARCHIVES[kind](source) as (files, open_file):
        size = 0
        for name in names:
            with open_file(files[name]) as packed:
                size = _copy(packed, target, limit, size)
            yield name


def refuse_unfit(kind: str, name: str, wanted: str | None) -> None:
    """Raises UnreadableTable for a file ``name`` of an archive that is of no ``kind`` of table,
    or has no tables of which one is ``wanted``."""
    if kind in ENDINGS:
        raise UnreadableTable("It is an archive inside an archive: pack the table once.")
    if wanted is not None and not BY_NAME[kind].holds_tables:
        raise UnreadableTable(f"The file {name[:60]} holds one table: do not choose {wanted!r}.")


def take_member(source: Path, member: str, target: Path, limit: int) -> None:
    """Write the file of a zip archive that is called ``member`` to ``target``. Raises
    UnreadableTable as ``take_out`` does."""
    with _damage_told("zip"), zipfile.ZipFile(source) as archive, archive.open(member) as packed:
        _copy(packed, target, limit)


def _chosen(names: Sequence[str], wanted: str | None, kind: str) -> tuple[str, str | None]:
    """The file, and the table in it that is wanted."""
    if wanted is not None and wanted not in names:
        for name in names:
            if wanted.startswith(f"{name}/"):
                return name, wanted.removeprefix(f"{name}/")
        called = [name for name in names if PurePosixPath(name).name == wanted]
        if len(names) == 1 and not called:
            return names[0], wanted
        wanted = called[0] if len(called) == 1 else wanted
    return choose(names, wanted, f"The {kind} archive", STACKED), None


def _tables(files: Sequence[str]) -> tuple[Sequence[str], str | None]:
    """Those of an archive's files that are tables by their endings, or else all; and a note on
    the others."""
    tables = [name for name in files if PurePosixPath(name).suffix.lower() in TABLE_ENDINGS]
    left = [name for name in files if name not in tables]
    if not tables or not left:
        return files, None
    return tables, f"The archive also holds {', '.join(left[:5])}, which is not a table."


def _holds_none(kind: str) -> UnreadableTable:
    return UnreadableTable(f"The {kind} archive holds 0 files: pack a table.")


@contextmanager
def _zip(source: Path) -> Iterator[tuple[dict[str, Any], Callable[[Any], IO[bytes]]]]:
    with zipfile.ZipFile(source) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        links = any(stat.S_ISLNK(entry.external_attr >> 16) for entry in entries)
        yield _files("zip", [(e.filename, e) for e in entries], links), archive.open


@contextmanager
def _tar(source: Path) -> Iterator[tuple[dict[str, Any], Callable[[Any], Any]]]:
    with tarfile.open(source, "r:") as archive:
        entries = [entry for entry in archive if not entry.isdir()]
        links = any(not entry.isfile() for entry in entries)
        yield _files("tar", [(e.name, e) for e in entries], links), archive.extractfile


def _files(kind: str, entries: Sequence[tuple[str, Any]], has_links: bool) -> dict[str, Any]:
    """The entries that are files of somebody's, by a name that is fit to show."""
    if has_links:
        raise UnreadableTable(f"The {kind} archive holds a link: pack the table itself.")
    files: dict[str, Any] = {}
    for name, entry in entries:
        path = PurePosixPath(name)
        if path.name.startswith(".") or path.parts[:1] == ("__MACOSX",):
            continue  # what an operating system adds
        shown = "".join(sign if sign.isprintable() else "?" for sign in name)
        if shown in files:
            raise UnreadableTable(
                f"The {kind} archive holds two files called {shown[:60]}: rename one of them."
            )
        files[shown] = entry
    return files


OPENERS: dict[str, Callable[[Path], Any]] = {
    "gzip": gzip.open,
    "bzip2": bz2.open,
    "xz": lzma.open,
    "zstd": partial(zstd.open, options=WINDOW),
}
ENDINGS = {packing.name: packing.endings for packing in PACKINGS}
ARCHIVES = {"zip": _zip, "tar": _tar}


@contextmanager
def _damage_told(kind: str) -> Iterator[None]:
    """Turns what the standard library says of an archive into a sentence."""
    try:
        yield
    except UnreadableTable:
        raise
    except RuntimeError as error:  # how zipfile says that it needs a password
        if isinstance(error, NotImplementedError):
            raise UnreadableTable(f"The {kind} archive is packed in a way that we do not read:"
                                  " pack it again.") from error  # fmt: skip
        raise UnreadableTable("The zip archive has a password: pack it without one.") from error
    except DAMAGED as error:
        raise UnreadableTable(f"The {kind} archive is damaged: pack it again.") from error


def _copy(packed: _Readable, target: Path, limit: int, before: int = 0) -> int:
    """Returns how many bytes it was, with those ``before``."""
    size = before
    with target.open("wb") as file:
        while chunk := packed.read(CHUNK):
            size += len(chunk)
            if size > limit:
                raise UnreadableTable(
                    f"The archive unpacks to more than {limit:,} bytes: give a smaller table."
                )
            file.write(chunk)
    return size
