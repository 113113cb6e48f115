"""Public pages that were made are kept while nothing that they show has changed.

Whether it has is one small query. A page depends on nothing but its address, the settings, what
``models.public_change`` notices, and the minute. It is answered before Flask is asked: of a page
that is known nothing else has to be found out.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

from flask import Flask, Response, current_app, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from werkzeug.http import is_resource_modified

from newsletter import clock
from newsletter.db import Database
from newsletter.models import public_change
from newsletter.storage.encodings import squeezed
from newsletter.web.context import installation
from newsletter.web.responses.compression import SMALLEST, chosen_encoding

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST = 1024 * 1024  # bytes of a page that is kept
ROOM = 48 * 1024 * 1024  # bytes in each process
LONGEST_QUERY = 200  # characters of one that people come with
PROXIES = 60  # seconds that a proxy may show it, without asking
STAMP = "newsletter.page_stamp"  # of a request whose page may be kept
BY_REQUEST = {"content-length", "content-type", "etag"}

P = ParamSpec("P")
Key = tuple[str, ...]
Stamp = tuple[object, ...]


@dataclass(eq=False)
class Page:
    stamp: Stamp
    headers: list[tuple[str, str]]  # those that do not depend on who asks
    content_type: str
    etag: str  # without quotes
    body: bytes
    _smaller: dict[str, bytes] = field(default_factory=dict)  # by encoding

    def answer(self, environ: "WSGIEnvironment") -> tuple[str, list[tuple[str, str]], bytes]:
        """Status, headers and body for who asks now: 304 where the page is known, else in an
        encoding that is wanted."""
        encoding = chosen_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        if len(self.body) < SMALLEST:
            encoding = None
        etag = f'"{self.etag}-{encoding}"' if encoding else f'"{self.etag}"'
        headers = [*self.headers, ("ETag", etag)]
        if not is_resource_modified(environ, etag.strip('"')):
            return "304 NOT MODIFIED", headers, b""
        headers.append(("Content-Type", self.content_type))
        if encoding is None:
            return "200 OK", headers, self.body
        return "200 OK", [*headers, ("Content-Encoding", encoding)], self._in(encoding)

    def _in(self, encoding: str) -> bytes:
        if encoding not in self._smaller:
            self._smaller[encoding] = squeezed(self.body, encoding)
        return self._smaller[encoding]


class PageCache:
    """The pages of a process, of which those that nobody asks for make room for others."""

    def __init__(self, room: int = ROOM) -> None:
        self.room = room
        self._used = 0
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key, stamp: Callable[[], Stamp | None]) -> Page | None:
        """``stamp`` is asked only where there is a page, which it may show to be old."""
        page = self._pages.get(key)
        if page is None or page.stamp != stamp():
            return None
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
        return page

    def put(self, key: Key, page: Page) -> None:
        with self._lock:
            old = self._pages.pop(key, None)
            self._pages[key] = page
            self._used += len(page.body) - (len(old.body) if old else 0)
            while self._used > self.room:
                self._used -= len(self._pages.popitem(last=False)[1].body)


def kept(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """A view whose page is kept, with an ETag, and compressed once."""

    @wraps(view)
    def answer(*arguments: P.args, **values: P.kwargs) -> Response:
        # Read before the page is made: what changes meanwhile makes it old at once.
        stamp = stamp_of(installation().db)
        response = make_response(view(*arguments, **values))
        if response.status_code == 200 and stamp is not None:
            request.environ[STAMP] = stamp
            response.vary.add("Accept-Encoding")
            response.cache_control.public = True
            # A browser asks whether it has changed, which costs little.
            response.cache_control.max_age = 0
            response.cache_control.s_maxage = PROXIES
            response.add_etag()
        return response

    return answer


def stamp_of(db: Database) -> Stamp | None:
    """None: the database does not say. It is left to the view to be told why."""
    try:
        changes = public_change.stamp(db)
    except (db.driver_error, DBAPIError):
        return None
    return (*changes, clock.now().replace(second=0, microsecond=0))


def register(app: Flask) -> None:
    """Keep the pages of the views of ``app`` that are ``kept``. Called before anything else is
    registered, so that it has the last word on a response."""
    app.extensions["page_cache"] = PageCache()
    app.after_request(_keep)
    app.wsgi_app = _known_pages(app, app.wsgi_app)  # type: ignore[method-assign, assignment]


def _keep(response: Response) -> Response:
    stamp = request.environ.pop(STAMP, None)
    if stamp is None:
        return response
    etag, _ = response.get_etag()
    headers = [(name, v) for name, v in response.headers if name.lower() not in BY_REQUEST]
    page = Page(stamp, headers, response.content_type, str(etag), response.get_data())
    if len(page.body) <= LARGEST and len(request.query_string) <= LONGEST_QUERY:
        cache: PageCache = current_app.extensions["page_cache"]
        cache.put(_key(request.environ), page)
    status, headers, body = page.answer(request.environ)
    return Response(body, status, headers)


def _known_pages(app: Flask, make: "WSGIApplication") -> "WSGIApplication":
    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return make(environ, start_response)
        cache: PageCache = app.extensions["page_cache"]
        db: Database = app.extensions["newsletter"].db
        page = cache.get(_key(environ), lambda: stamp_of(db))
        if page is None:
            return make(environ, start_response)
        status, headers, body = page.answer(environ)
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return answer


def _key(environ: "WSGIEnvironment") -> Key:
    """What decides what is answered, and whether it is."""
    parts = ("PATH_INFO", "QUERY_STRING", "HTTP_HOST", "HTTP_X_FORWARDED_HOST", "wsgi.url_scheme")
    return tuple(str(environ.get(part, "")) for part in parts)
