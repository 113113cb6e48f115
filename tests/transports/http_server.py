"""A provider's API on loopback: its answers are a list, its requests are kept."""

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from newsletter.transports import open_transport
from newsletter.transports.base import Envelope
from newsletter.transports.http import HttpTransport
from tests.transports.feeds import ListFeed

KEY = "SG.hunter2-hunter2"


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An answer. ``body``: JSON, or a text as it is."""

    status: int
    body: object = ""
    headers: Mapping[str, str] = field(default_factory=dict)


SILENCE = Reply(0)  # the request is read whole, and nothing is said
HANG_UP = Reply(-1)  # the request is read whole, and the connection closed

Script = Reply | Callable[[Request], Reply]


class Provider:
    """Serves while it is entered; each request takes the next reply, the last one for ever."""

    def __init__(self, *script: Script) -> None:
        self.requests: list[Request] = []
        self._script = list(script)
        self._over = threading.Event()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = Request(self.path, dict(self.headers), body)
                provider.answer(self, request)

            def log_message(self, *_: object) -> None:
                """Nothing: a test's output is its own."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, handler: BaseHTTPRequestHandler, request: Request) -> None:
        self.requests.append(request)
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        reply = step(request) if callable(step) else step
        if reply is SILENCE:
            self._over.wait()
        if reply in (SILENCE, HANG_UP):
            handler.close_connection = True
            return
        body = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body.encode())))
        handler.end_headers()
        handler.wfile.write(body.encode())

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def opened(form: str, provider: Provider, read_seconds: float = 5.0) -> HttpTransport:
    """The transport of ``form``, a URL with KEY in it, that asks ``provider``."""
    mark = "&" if "?" in form else "?"
    url = f"{form.replace('KEY', KEY)}{mark}endpoint={provider.url}"
    transport = open_transport(url, "news.example.org")
    assert isinstance(transport, HttpTransport)
    transport.timeouts = (5.0, read_seconds)
    return transport


def carried(transport: HttpTransport, *envelopes: Envelope) -> ListFeed:
    """A feed of ``envelopes`` after one connection."""
    feed = ListFeed(envelopes)
    asyncio.run(transport.serve_connection(feed))
    return feed
