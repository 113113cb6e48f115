"""Stored files in fewer bytes, kept beside them: Brotli, or gzip."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import brotli

from newsletter.storage.folder import Storage

SUFFIXES = {"br": ".br", "gzip": ".gz"}  # the better one first
BROTLI_QUALITY = 5  # as quick as gzip
GZIP_LEVEL = 6
CHUNK = 256 * 1024


def encoded(storage: Storage, key: str, encoding: str) -> Path:
    """The stored file ``key`` in an encoding, made when it is first asked for. Raises NotFound."""
    return storage.derived(key, SUFFIXES[encoding], _WRITERS[encoding])


def squeezed(body: bytes, encoding: str) -> bytes:
    if encoding == "br":
        smaller: bytes = brotli.compress(body, quality=BROTLI_QUALITY)
        return smaller
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


def _write_brotli(source: BinaryIO, target: BinaryIO) -> None:
    compressor = brotli.Compressor(quality=BROTLI_QUALITY)
    while chunk := source.read(CHUNK):
        target.write(compressor.process(chunk))
    target.write(compressor.finish())


def _write_gzip(source: BinaryIO, target: BinaryIO) -> None:
    with gzip.GzipFile("", "wb", GZIP_LEVEL, target, mtime=0) as smaller:
        shutil.copyfileobj(source, smaller, CHUNK)


_WRITERS: dict[str, Callable[[BinaryIO, BinaryIO], None]] = {
    "br": _write_brotli,
    "gzip": _write_gzip,
}
