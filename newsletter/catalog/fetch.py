"""Download a file from an address that a stranger gave.

http and https only; the host is resolved once, every address checked and the
checked one connected to (see ``pinned``); no proxy, cookie or credential of
ours takes part; redirects are followed by hand, each checked again; bytes
(after decompression) and seconds are capped.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from newsletter import __version__
from newsletter.catalog.pinned import (
    Deadline,
    Resolve,
    checked_addresses,
    dialer,
    pool,
    resolve,
)
from newsletter.errors import FetchRefused

PORTS = {"http": 80, "https": 443}
REDIRECTS = {301, 302, 303, 307, 308}
CHUNK = 64 * 1024
MAX_ADDRESS = 4000
MAX_NAME = 150

ADVICE = {
    401: "it asks for a login, so give an address that is open to all",
    403: "it does not let us in, so give an address that is open to all",
    404: "check it in a browser",
    410: "the file was taken away, so find its new address",
    429: "it wants fewer requests, so try again later",
}


@dataclass(frozen=True, slots=True)
class FetchLimits:
    bytes: int = 256 * 1024 * 1024  # after decompression
    seconds: float = 120.0  # for everything
    silence: float = 20.0  # seconds without a byte
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Validators:
    """What an earlier answer said of its version (RFC 9110 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


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


class _PinnedAdapter(HTTPAdapter):
    def __init__(self, connections: urllib3.HTTPConnectionPool) -> None:
        super().__init__()
        self._connections = connections

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> urllib3.HTTPConnectionPool:
        return self._connections

    def close(self) -> None:
        self._connections.close()
        super().close()


def fetch(
    url: str,
    into: Path,
    limits: FetchLimits = FetchLimits(),
    allowed_hosts: frozenset[str] = frozenset(),
    previous: Validators | None = None,
    resolve: Resolve = resolve,
) -> Fetched:
    """Download ``url`` to a new file in the directory ``into``.

    ``allowed_hosts`` names hosts (``host`` or ``host:port``) that may resolve
    to inner addresses. With ``previous`` the server may answer that nothing
    changed. Raises FetchRefused, and then leaves no file.
    """
    with Deadline(limits.seconds) as deadline:
        try:
            for _ in range(limits.redirects + 1):
                request = _request(url, previous)
                with _answer(request, limits, allowed_hosts, resolve, deadline) as answer:
                    location = answer.headers.get("location")
                    if answer.status_code not in REDIRECTS or location is None:
                        return _received(answer, into, limits, deadline, previous)
                    url = _redirected(request.url or "", location)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _refusal(error, url, limits, deadline) from error
    raise FetchRefused(
        f"The address redirects more than {limits.redirects} times: give the final address."
    )


def _request(url: str, previous: Validators | None) -> requests.PreparedRequest:
    """The request for ``url``, whose ``url`` is the one spelling used from here on."""
    url = url.strip()
    if len(url) > MAX_ADDRESS or re.search(r"[\x00-\x20\x7f\\]", url):
        raise FetchRefused("This is not a web address: it must have no spaces or backslashes.")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise FetchRefused("This is not a web address: check its spelling.") from error
    if parts.scheme not in PORTS:
        raise FetchRefused("Only addresses that begin with https:// or http:// are fetched.")
    if "@" in parts.netloc:
        raise FetchRefused("An address with a user name or password is not fetched: remove it.")
    headers = {
        "User-Agent": f"dataset-daily/{__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    }
    if previous and previous.etag:
        headers["If-None-Match"] = previous.etag
    if previous and previous.last_modified:
        headers["If-Modified-Since"] = previous.last_modified
    try:
        return requests.Request("GET", url, headers=headers).prepare()
    except (requests.RequestException, ValueError) as error:
        raise FetchRefused("This is not a web address: check its spelling.") from error


def _redirected(base: str, location: str) -> str:
    # http.client reads headers as Latin-1; servers write UTF-8.
    spelled = location.encode("latin-1").decode("utf-8", "replace")
    try:
        return urljoin(base, spelled)
    except ValueError as error:
        raise FetchRefused("The address redirects to nowhere: give the final address.") from error


@contextmanager
def _answer(
    request: requests.PreparedRequest,
    limits: FetchLimits,
    allowed_hosts: frozenset[str],
    resolve: Resolve,
    deadline: Deadline,
) -> Iterator[requests.Response]:
    """The headers of the answer, its body still on the wire."""
    target = urllib3.util.parse_url(request.url or "")
    scheme, host = target.scheme or "", (target.host or "").strip("[]")
    if scheme not in PORTS or target.auth is not None:
        raise FetchRefused("This is not a web address that we fetch: check its spelling.")
    port = target.port or PORTS[scheme]
    addresses = checked_addresses(host, port, resolve, allowed_hosts)
    adapter = _PinnedAdapter(pool(scheme, host, port, dialer(addresses, port, deadline)))
    try:
        with adapter.send(request, stream=True, timeout=limits.silence) as answer:
            yield answer
    finally:
        adapter.close()


def _received(
    answer: requests.Response,
    into: Path,
    limits: FetchLimits,
    deadline: Deadline,
    previous: Validators | None,
) -> Fetched:
    if answer.status_code == HTTPStatus.NOT_MODIFIED and previous is not None:
        return _fetched(answer, None, 0)
    if answer.status_code != HTTPStatus.OK:
        raise FetchRefused(_status_sentence(answer.status_code))
    if int(_digits(answer.headers.get("content-length"))) > limits.bytes:
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
            if deadline.passed:  # a connection that we ended reads like a short file
                raise _too_slow(limits)
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
    name = header.get_filename() or unquote(urlsplit(answer.url).path)
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(sign for sign in name if sign.isprintable()).strip(" .")
    return name[-MAX_NAME:] or "download"


def _status_sentence(status: int) -> str:
    try:
        phrase = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = str(status)
    advice = ADVICE.get(status, "try again later" if status >= 500 else "check it in a browser")
    return f"The address answered {phrase}: {advice}."


def _refusal(error: Exception, url: str, limits: FetchLimits, deadline: Deadline) -> FetchRefused:
    host = urlsplit(url).hostname or "the server"
    if deadline.passed:
        return _too_slow(limits)
    if isinstance(error, requests.exceptions.SSLError):
        return FetchRefused(f"The certificate of {host} does not hold: check the address.")
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return FetchRefused(f"{host} was silent for {limits.silence:g} seconds: try again later.")
    if isinstance(error, urllib3.exceptions.DecodeError):
        return FetchRefused(f"{host} sent compressed data that is damaged: try again later.")
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return FetchRefused(f"{host} broke off before the file was whole: try again later.")
    return FetchRefused(f"{host} could not be reached: check the address or try again later.")


def _too_large(limits: FetchLimits) -> FetchRefused:
    return FetchRefused(f"The file is over the limit of {limits.bytes:,} bytes: use a smaller one.")


def _too_slow(limits: FetchLimits) -> FetchRefused:
    return FetchRefused(f"The download took over {limits.seconds:g} seconds: try again later.")


def _digits(value: str | None) -> str:
    return value if value and re.fullmatch(r"[0-9]{1,18}", value) else "0"
