"""Answers in fewer bytes for who asks for them: Brotli, or gzip (RFC 9110, section 12.5.3).

An encoding is another representation: it has an ETag of its own, and ranges are
of the plain one only.
"""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import brotli
from flask import Response, request

from newsletter.storage import Storage

SUFFIXES = {"br": ".br", "gzip": ".gz"}  # the better one first
SMALLEST = 1000  # bytes: below, the headers are most of it
LARGEST_FILE = 64 * 1024 * 1024  # is compressed while somebody waits
BROTLI_QUALITY = 5  # as quick as gzip
GZIP_LEVEL = 6
CHUNK = 256 * 1024
COMPRESSIBLE = frozenset({"text/csv", "application/json", "image/svg+xml", "text/javascript"})


def encoding() -> str | None:
    """What the request wants its answer in: br, gzip, or None for as it is."""
    if "Range" in request.headers:
        return None
    accepted = request.accept_encodings
    wanted = [name for name in SUFFIXES if accepted.quality(name) > 0]
    return max(wanted, key=accepted.quality, default=None)


def compressed(response: Response) -> Response:
    """``response``, whose body was just written, in the encoding that is asked for."""
    response.vary.add("Accept-Encoding")
    chosen = encoding()
    body = response.get_data()
    if chosen is None or len(body) < SMALLEST or response.status_code != 200:
        return response
    response.set_data(_squeezed(body, chosen))
    etag, weak = response.get_etag()
    if etag is not None:
        response.set_etag(f"{etag}-{chosen}", bool(weak))
    response.content_encoding = chosen
    return response


def compressed_file(storage: Storage, key: str, chosen: str) -> Path | None:
    """The stored file ``key`` in an encoding, kept beside it since the first time it was asked
    for; None where it is too small or too large for that."""
    if not storage.exists(key) or not SMALLEST <= storage.size(key) <= LARGEST_FILE:
        return None
    return storage.derived(key, SUFFIXES[chosen], _WRITERS[chosen])


def _squeezed(body: bytes, chosen: str) -> bytes:
    if chosen == "br":
        squeezed: bytes = brotli.compress(body, quality=BROTLI_QUALITY)
        return squeezed
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


def _write_brotli(source: BinaryIO, target: BinaryIO) -> None:
    compressor = brotli.Compressor(quality=BROTLI_QUALITY)
    while chunk := source.read(CHUNK):
        target.write(compressor.process(chunk))
    target.write(compressor.finish())


def _write_gzip(source: BinaryIO, target: BinaryIO) -> None:
    with gzip.GzipFile("", "wb", GZIP_LEVEL, target, mtime=0) as squeezed:
        shutil.copyfileobj(source, squeezed, CHUNK)


_WRITERS: dict[str, Callable[[BinaryIO, BinaryIO], None]] = {
    "br": _write_brotli,
    "gzip": _write_gzip,
}
