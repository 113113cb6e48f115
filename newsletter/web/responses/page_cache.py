"""Public pages that were made are kept while nothing that they show has changed.

Whether it has is one small query. A page depends on nothing but its address, the settings, what
``models.public_change`` notices, and the minute.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import ParamSpec, cast

from flask import Response, current_app, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Headers

from newsletter import clock
from newsletter.models import public_change
from newsletter.storage.encodings import squeezed
from newsletter.web.context import installation
from newsletter.web.responses.compression import compressed

LARGEST = 1024 * 1024  # bytes of a page that is kept
ROOM = 48 * 1024 * 1024  # bytes in each process
LONGEST_QUERY = 200  # characters of one that people come with
PROXIES = 60  # seconds that a proxy may show it, without asking

P = ParamSpec("P")
Key = tuple[str, tuple[tuple[str, str], ...]]
Stamp = tuple[object, ...]


@dataclass(eq=False)
class Page:
    stamp: Stamp
    response: Response
    smaller: dict[str, bytes] = field(default_factory=dict)  # by encoding

    @property
    def size(self) -> int:
        return len(self.response.get_data())

    def squeezed(self, body: bytes, encoding: str) -> bytes:
        if encoding not in self.smaller:
            self.smaller[encoding] = squeezed(body, encoding)
        return self.smaller[encoding]

    def answer(self) -> Response:
        """For who asks now: 304 where the page is known, else in an encoding that is wanted."""
        whole = self.response
        copy = Response(whole.get_data(), whole.status, Headers(whole.headers))
        answer = compressed(copy, self.squeezed).make_conditional(request)
        return cast(Response, answer)


class PageCache:
    """The pages of a process, of which those that nobody asks for make room for others."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._used = 0
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key, stamp: Stamp) -> Page | None:
        with self._lock:
            page = self._pages.get(key)
            if page is None or page.stamp != stamp:
                return None
            self._pages.move_to_end(key)
            return page

    def put(self, key: Key, page: Page) -> None:
        with self._lock:
            old = self._pages.pop(key, None)
            self._pages[key] = page
            self._used += page.size - (old.size if old else 0)
            while self._used > self._room:
                self._used -= self._pages.popitem(last=False)[1].size


def kept(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """A view whose page is kept, with an ETag, and compressed once."""

    @wraps(view)
    def answer(*arguments: P.args, **values: P.kwargs) -> ResponseReturnValue:
        cache: PageCache = current_app.extensions["page_cache"]
        key, stamp = (request.path, tuple(request.args.items(multi=True))), _stamp()
        page = cache.get(key, stamp)
        if page is None:
            response = make_response(view(*arguments, **values))
            if response.status_code != 200:
                return response
            page = Page(stamp, _described(response))
            if page.size <= LARGEST and len(request.query_string) <= LONGEST_QUERY:
                cache.put(key, page)
        return page.answer()

    return answer


def _stamp() -> Stamp:
    """Read before the page is made: what changes meanwhile makes it old at once."""
    with installation().db.read() as session:
        changes = public_change.stamp(session)
    return (*changes, clock.now().replace(second=0, microsecond=0))


def _described(response: Response) -> Response:
    response.add_etag()
    # A browser asks whether it has changed, which costs little.
    response.cache_control.public = True
    response.cache_control.max_age = 0
    response.cache_control.s_maxage = PROXIES
    return response
