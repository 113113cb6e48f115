"""Download a file from an address that a stranger gave.

What is asked, and whom, is kept safe by ``exchange``; redirects are followed
by hand, each checked again; bytes (after decompression) and seconds are capped.
"""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from pathlib import Path, PurePosixPath

import requests
import urllib3

from newsletter.errors import FetchRefused
from newsletter.fetching.file_addresses import direct_address
from newsletter.fetching.http_exchange import (
    REDIRECTS,
    FetchLimits,
    Validators,
    answer_to,
    redirected,
    refusal,
    request_for,
    status_sentence,
    too_slow,
)
from newsletter.fetching.pinned_connections import Deadline, Resolve, resolve
from newsletter.file_names import bare_name, name_in_address

CHUNK = 64 * 1024
LIMITS = FetchLimits()
# Told how many bytes have come, and of how many if the server says so; what it raises ends it.
Watch = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A downloaded file, or the news that it has not changed (``path`` is None)."""

    path: Path | None
    final_url: str
    filename: str  # as the server calls it, fit to show; ``path`` has a name of ours
    content_type: str  # media type, lower case, without parameters
    bytes: int
    etag: str | None
    last_modified: str | None
    not_modified: bool = False


def unwatched(_received: int, _expected: int | None) -> None:
    """Nobody looks."""


def fetch(
    url: str,
    into: Path,
    limits: FetchLimits = LIMITS,
    allowed_hosts: frozenset[str] = frozenset(),
    previous: Validators | None = None,
    resolve: Resolve = resolve,
    watch: Watch = unwatched,
) -> Fetched:
    """Download ``url`` to a new file in the directory ``into``.

    The address of a page that shows one file stands for that file. ``allowed_hosts`` names
    hosts (``host`` or ``host:port``) that may resolve to inner addresses. With ``previous`` the
    server may answer that nothing
    changed. Raises FetchRefused, and then leaves no file.
    """
    url = direct_address(url)
    with Deadline(limits.seconds) as deadline:
        try:
            for _ in range(limits.redirects + 1):
                request = request_for(url, previous)
                with answer_to(request, limits, allowed_hosts, resolve, deadline) as answer:
                    location = answer.headers.get("location")
                    if answer.status_code not in REDIRECTS or location is None:
                        return _received(answer, into, limits, deadline, previous, watch)
                    url = redirected(request.url or "", location)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise refusal(error, url, limits, deadline) from error
    raise FetchRefused(
        f"The address redirects more than {limits.redirects} times: give the final address."
    )


def _received(
    answer: requests.Response,
    into: Path,
    limits: FetchLimits,
    deadline: Deadline,
    previous: Validators | None,
    watch: Watch,
) -> Fetched:
    if answer.status_code == HTTPStatus.NOT_MODIFIED and previous is not None:
        return _fetched(answer, None, 0)
    if answer.status_code != HTTPStatus.OK:
        raise FetchRefused(status_sentence(answer.status_code))
    expected = int(_digits(answer.headers.get("content-length")))
    if expected > limits.bytes:
        raise _too_large(limits)
    suffix = PurePosixPath(_filename(answer)).suffix.lower()
    with tempfile.NamedTemporaryFile(
        dir=into,
        prefix="fetched-",
        suffix=suffix if re.fullmatch(r"\.[a-z0-9]{1,10}", suffix) else "",
        delete=False,
    ) as file:
        path = Path(file.name)
        try:
            size = 0
            for chunk in answer.raw.stream(CHUNK, decode_content=True):
                size += len(chunk)
                if size > limits.bytes:
                    raise _too_large(limits)
                file.write(chunk)
                watch(size, expected or None)
            if deadline.passed:  # a connection that we ended reads like a short file
                raise too_slow(limits)
        except BaseException:
            path.unlink()
            raise
    return _fetched(answer, path, size)


def _fetched(answer: requests.Response, path: Path | None, size: int) -> Fetched:
    return Fetched(
        path=path,
        final_url=answer.url,
        filename=_filename(answer),
        content_type=answer.headers.get("content-type", "").partition(";")[0].strip().lower(),
        bytes=size,
        etag=answer.headers.get("etag"),
        last_modified=answer.headers.get("last-modified"),
        not_modified=path is None,
    )


def _filename(answer: requests.Response) -> str:
    """The file's name from Content-Disposition (RFC 6266) or from the address."""
    header = Message()
    header["Content-Disposition"] = answer.headers.get("content-disposition", "")
    name = bare_name(_as_utf8(header.get_filename() or ""))
    return name or name_in_address(answer.url) or "download"


def _as_utf8(name: str) -> str:
    """A header's text, of which requests takes each byte for a character, as browsers read it."""
    try:
        return name.encode("latin-1").decode()
    except UnicodeError:
        return name


def _too_large(limits: FetchLimits) -> FetchRefused:
    return FetchRefused(f"The file is over the limit of {limits.bytes:,} bytes: use a smaller one.")


def _digits(value: str | None) -> str:
    return value if value and re.fullmatch(r"[0-9]{1,18}", value) else "0"
