"""A watcher's server is asked by GET, and whatever it does is a word."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from newsletter.fetching import ping as pings
from newsletter.fetching.ping import ping


@contextmanager
def answering(status: int) -> Iterator[tuple[str, list[str]]]:
    """A server on this machine: its address, and the requests that it had."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.requestline)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/s3cret?x=1", requests
        server.shutdown()
        thread.join()


def test_an_answer_is_enough() -> None:
    with answering(200) as (url, requests):
        assert ping(url) == ""
    assert requests == ["GET /s3cret?x=1 HTTP/1.1"]


@pytest.mark.parametrize("status", [404, 500])
def test_a_status_that_refuses_is_named(status: int) -> None:
    with answering(status) as (url, _):
        assert ping(url) == f"status {status}"


def test_a_server_that_is_not_there_is_no_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        failure = ping(f"http://127.0.0.1:{unused.getsockname()[1]}/s3cret")
    assert failure == "ConnectionError"


def test_one_that_says_nothing_is_left_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sum(pings.TIMEOUTS) <= 10
    monkeypatch.setattr(pings, "TIMEOUTS", (0.2, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert ping(f"http://127.0.0.1:{silent.getsockname()[1]}/") == "ReadTimeout"
