"""A newsletter's site, asked over HTTP by what Python itself brings."""

import json
import os
from collections.abc import Iterator
from email.message import Message
from http.client import HTTPException
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from .errors import Damaged, NoSuchTable, Unreachable, Unusable, Withdrawn

VARIABLE = "NEWSLETTER_SITE"
SECONDS = 30.0  # that the site may be silent
CHUNK = 1024 * 1024
TOMBSTONE_AT_MOST = 1024 * 1024  # bytes
DOCUMENT_AT_MOST = 64 * 1024 * 1024  # bytes


class _StaysSecure(HTTPRedirectHandler):
    """Follows a redirect, but none from https to anything less."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        if req.type == "https" and not newurl.startswith("https:"):
            raise URLError("it redirects to an address without https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Site:
    """The newsletter at ``address``, of http or https."""

    def __init__(self, address: str, seconds: float = SECONDS) -> None:
        """``seconds`` is how long it may be silent. Raises Unusable."""
        try:
            parts = urlsplit(address)
            usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            usable = False
        if not usable or parts.query or parts.fragment or "@" in parts.netloc:
            raise Unusable(
                f"{address!r} is no newsletter's address: give one such as https://news.example.org."
            )
        self.address = address.rstrip("/")
        self._seconds = seconds
        # By hand, as the usual opener would also follow a redirect to ftp.
        self._opener = OpenerDirector()
        for handler in (
            ProxyHandler(),
            HTTPHandler(),
            HTTPSHandler(),
            _StaysSecure(),
            HTTPDefaultErrorHandler(),
            HTTPErrorProcessor(),
        ):
            self._opener.add_handler(handler)

    @classmethod
    def chosen(cls, address: str | None) -> "Site":
        """That of ``address``, or else of the environment. Raises Unusable."""
        address = address or os.environ.get(VARIABLE)
        if not address:
            raise Unusable(
                'Say which newsletter it is from: site="https://news.example.org", or set'
                f" {VARIABLE} to its address."
            )
        return cls(address.strip())

    def document(self, path: str) -> dict[str, Any]:
        """The JSON object at ``path``. Raises NoSuchTable where there is none, Unreachable,
        and Damaged for anything else."""
        content = bytearray()
        for chunk in self.stream(path):
            content += chunk
            if len(content) > DOCUMENT_AT_MOST:
                raise Damaged(f"{self.address}{path} does not end: is it a newsletter's address?")
        try:
            document = json.loads(content)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise Damaged(f"{self.address}{path} is not JSON: is {self.address} a newsletter?")
        return document

    def stream(self, path: str) -> Iterator[bytes]:
        """What is at ``path``, piece by piece. Raises NoSuchTable, Withdrawn and Unreachable."""
        url = f"{self.address}{path}"
        try:
            with self._opener.open(Request(url), timeout=self._seconds) as response:  # noqa: S310
                yield from _pieces(response)
        except HTTPError as error:
            gone = _tombstone(error.read(TOMBSTONE_AT_MOST)) if error.code == 410 else ""
            error.close()
            if gone:
                raise Withdrawn(gone) from error
            if error.code in {404, 410}:
                raise NoSuchTable(f"There is nothing at {url}.") from error
            raise Unreachable(
                f"{self.address} answers {error.code} {error.reason}: try again later."
            ) from error
        except (HTTPException, OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise Unreachable(
                f"{self.address} cannot be reached ({str(reason) or type(error).__name__}):"
                " try again later."
            ) from error


def _tombstone(content: bytes) -> str:
    """Why a document is gone, as it says itself; empty: it does not."""
    try:
        document = json.loads(content)
        last = document["withdrawn"][0]
        what = f"{last['slug']} {last['version']}"
        day, reason, current = last["withdrawn"][:10], last["reason"], document.get("current")
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
    other = f" The current version is {current}." if current else ""
    return f"{what} was withdrawn on {day}: {reason}{other}"


def _pieces(response: Any) -> Iterator[bytes]:
    """The body, whole: a connection that ends before it does is a failure."""
    headers: Message = response.headers
    left = int(headers.get("Content-Length", "-1"))
    while chunk := response.read(CHUNK):
        left -= len(chunk)
        yield chunk
    if left > 0:
        raise HTTPException(f"the connection ended {left:,} bytes early")
