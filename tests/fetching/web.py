"""A web server on loopback that answers by path and keeps what it was asked."""

from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ETAG, MODIFIED = '"v1"', "Sun, 01 Nov 2026 08:00:00 GMT"


@dataclass
class Page:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    head: int | None = None  # another status for HEAD


class Web(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Web

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        page = self.server.pages.get(self.path, Page(404))
        asked = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, asked))
        is_head = self.command == "HEAD"
        status = page.head if is_head and page.head else page.status
        known = asked.get("if-none-match")
        if status == 200 and known and known == page.headers.get("ETag"):
            status = 304
        self.send_response(status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "4")
        self.end_headers()
        if not is_head:
            self.wfile.write(b"a,b\n")

    def log_message(self, *_: object) -> None:
        pass
