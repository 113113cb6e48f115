"""One request to an address that a stranger gave, and the head of its answer.

http and https only; the host is resolved once, every address checked and the
checked one connected to (see ``pinned``); no proxy, cookie or credential of
ours takes part. Redirects are not followed here: each is a request of its own.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from newsletter import __version__
from newsletter.errors import FetchRefused
from newsletter.fetching.pinned_connections import (
    Deadline,
    Resolve,
    checked_addresses,
    dialer,
    pool,
)

AGENT = f"dataset-daily/{__version__}"
PORTS = {"http": 80, "https": 443}
REDIRECTS = {301, 302, 303, 307, 308}
MAX_ADDRESS = 4000

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


class _PinnedAdapter(HTTPAdapter):
    def __init__(self, connections: urllib3.HTTPConnectionPool) -> None:
        super().__init__()
        self._connections = connections

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> urllib3.HTTPConnectionPool:
        return self._connections

    def close(self) -> None:
        self._connections.close()
        super().close()


def request_for(
    url: str, previous: Validators | None, method: str = "GET", agent: str = AGENT
) -> requests.PreparedRequest:
    """The request for ``url``, whose ``url`` is the one spelling used from here on.

    Raises FetchRefused for what is not a web address that we ask.
    """
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
        "User-Agent": agent,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    }
    if previous and previous.etag:
        headers["If-None-Match"] = previous.etag
    if previous and previous.last_modified:
        headers["If-Modified-Since"] = previous.last_modified
    try:
        return requests.Request(method, url, headers=headers).prepare()
    except (requests.RequestException, ValueError) as error:
        raise FetchRefused("This is not a web address: check its spelling.") from error


def redirected(base: str, location: str) -> str:
    """Where a redirect leads. Raises FetchRefused."""
    # http.client reads headers as Latin-1; servers write UTF-8.
    spelled = location.encode("latin-1").decode("utf-8", "replace")
    try:
        return urljoin(base, spelled)
    except ValueError as error:
        raise FetchRefused("The address redirects to nowhere: give the final address.") from error


@contextmanager
def answer_to(
    request: requests.PreparedRequest,
    limits: FetchLimits,
    allowed_hosts: frozenset[str],
    resolve: Resolve,
    deadline: Deadline,
) -> Iterator[requests.Response]:
    """The headers of the answer, its body still on the wire. Raises FetchRefused for a
    host that is not public, and requests' and urllib3's own errors: see ``refusal``."""
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


def status_sentence(status: int) -> str:
    """What a status that is no success means for who asked."""
    try:
        phrase = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = str(status)
    advice = ADVICE.get(status, "try again later" if status >= 500 else "check it in a browser")
    return f"The address answered {phrase}: {advice}."


def refusal(error: Exception, url: str, limits: FetchLimits, deadline: Deadline) -> FetchRefused:
    """An error of a connection, as a sentence."""
    host = urlsplit(url).hostname or "the server"
    if deadline.passed:
        return too_slow(limits)
    if isinstance(error, requests.exceptions.SSLError):
        return FetchRefused(f"The certificate of {host} does not hold: check the address.")
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return FetchRefused(f"{host} was silent for {limits.silence:g} seconds: try again later.")
    if isinstance(error, urllib3.exceptions.DecodeError):
        return FetchRefused(f"{host} sent compressed data that is damaged: try again later.")
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return FetchRefused(f"{host} broke off before the file was whole: try again later.")
    return FetchRefused(f"{host} could not be reached: check the address or try again later.")


def too_slow(limits: FetchLimits) -> FetchRefused:
    return FetchRefused(f"The download took over {limits.seconds:g} seconds: try again later.")
