"""Answers in fewer bytes for who asks for them: Brotli, or gzip (RFC 9110, section 12.5.3).

An encoding is another representation: it has an ETag of its own, and ranges are
of the plain one only.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from flask import Response, request
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from newsletter import clock
from newsletter.errors import Refused
from newsletter.installation import Installation
from newsletter.services.datasets import derived_files
from newsletter.storage.encodings import SUFFIXES, encoded, squeezed

SMALLEST = 1000  # bytes: below, the headers are most of it
AT_ONCE = 1024 * 1024  # bytes that are compressed while somebody waits, in a thirtieth of a second
LARGEST_FILE = 64 * 1024 * 1024
COMPRESSIBLE = frozenset({"text/csv", "application/json", "image/svg+xml", "text/javascript"})


def encoding() -> str | None:
    """What the request wants its answer in: br, gzip, or None for as it is."""
    if "Range" in request.headers:
        return None
    return chosen_encoding(request.headers.get("Accept-Encoding", ""))


@lru_cache(maxsize=100)
def chosen_encoding(header: str) -> str | None:
    """The one that is wanted most by who sends the header Accept-Encoding."""
    accepted = parse_accept_header(header, Accept)
    wanted = [name for name in SUFFIXES if accepted.quality(name) > 0]
    return max(wanted, key=accepted.quality, default=None)


def compressed(response: Response, squeeze: Callable[[bytes, str], bytes] = squeezed) -> Response:
    """``response``, whose body was just written, in the encoding that is asked for."""
    response.vary.add("Accept-Encoding")
    chosen = encoding()
    body = response.get_data()
    if chosen is None or len(body) < SMALLEST or response.status_code != 200:
        return response
    response.set_data(squeeze(body, chosen))
    etag, weak = response.get_etag()
    if etag is not None:
        response.set_etag(f"{etag}-{chosen}", bool(weak))
    response.content_encoding = chosen
    return response


def compressed_file(installation: Installation, key: str, chosen: str) -> Path | None:
    """The stored file ``key`` in an encoding, which is kept beside it; None for as it is: where
    it is too small or too large for that, or a task is still to make it."""
    storage = installation.storage
    if not storage.exists(key) or not SMALLEST <= storage.size(key) <= LARGEST_FILE:
        return None
    if storage.size(key) > AT_ONCE and not storage.exists(key + SUFFIXES[chosen]):
        with suppress(Refused):
            derived_files.ask_for_encoding(installation, key, chosen, clock.now())
        return None
    return encoded(storage, key, chosen)
