"""What slow clients may hold of a server, and for how long."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from flask import Flask, Response, request

from newsletter.web.serving import patient_server, streamed_body
from newsletter.web.serving.patient_server import MB, PatientServer
from newsletter.web.site import contribute
from tests.waiting import wait_until

THREADS = 2
MORE_THAN_THREADS = 3 * THREADS


class Served:
    """A server of ``app`` that runs in a thread."""

    def __init__(self, app: Flask) -> None:
        bound = socket.socket()
        bound.bind(("127.0.0.1", 0))
        self.address = bound.getsockname()
        self.server = PatientServer.on(bound, app, THREADS)
        self.is_ending = threading.Event()
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        while not self.is_ending.is_set():
            self.server.step()
        self.server.stop(20)

    def connect(self, begin: bytes, receives: int | None = None) -> socket.socket:
        connection = socket.socket()
        connection.settimeout(10)
        if receives is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        connection.connect(self.address)
        connection.sendall(begin)
        return connection

    def ask(self, text: bytes) -> bytes:
        """The whole answer to a request, after which the connection ends."""
        with self.connect(text) as connection:
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def end(self) -> None:
        self.is_ending.set()
        with suppress(OSError):  # it may have ended already; its turn ends with who comes
            socket.create_connection(self.address, 1).close()
        self.thread.join()


@pytest.fixture
def go_on() -> threading.Event:
    return threading.Event()


@pytest.fixture
def served(go_on: threading.Event) -> Iterator[Served]:
    app = Flask("served")

    @app.get("/")
    def hello() -> str:
        return "hello"

    @app.post("/form")
    def form() -> str:
        return str(len(request.get_data()))

    @app.get("/long")
    def long() -> Response:
        return Response(b"a" * 8 * MB)

    @app.get("/waits")
    def waits() -> str:
        arrived.set()
        go_on.wait(30)
        return "waited"

    @app.route("/refused", methods=["POST", "PATCH"])
    def refused() -> tuple[str, int]:
        return "not for you", 403

    @app.patch("/piece")
    def piece() -> str:
        return str(len(request.get_data()))

    arrived = threading.Event()
    app.extensions["arrived"] = arrived
    opened = Served(app)
    yield opened
    go_on.set()
    opened.end()


HELLO = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: he"
HALF_A_FORM = b"POST /form HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nhalf"
ESTABLISHED = 1  # of the states of a connection in Linux
LONG = b"GET /long HTTP/1.1\r\nHost: here\r\n\r\n"
HALF_A_PIECE = b"PATCH /piece HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nhalf"


@pytest.mark.parametrize("slow", [HALF_A_HEAD, HALF_A_FORM, LONG, HALF_A_PIECE])
def test_more_slow_clients_than_threads_hold_none(served: Served, slow: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(MORE_THAN_THREADS):
            stack.enter_context(served.connect(slow, receives=4096))
        assert served.ask(HELLO).endswith(b"hello")


@pytest.mark.parametrize(
    ("limit", "slow"),
    [
        ("HEAD_SECONDS", HALF_A_HEAD),
        ("BODY_SECONDS", HALF_A_FORM),
        ("ANSWER_SECONDS", LONG),
        ("IDLE_SECONDS", b""),
    ],
)
def test_who_is_too_slow_is_left(
    served: Served, monkeypatch: pytest.MonkeyPatch, limit: str, slow: bytes
) -> None:
    monkeypatch.setattr(patient_server, limit, 0)
    with served.connect(slow, receives=4096) as connection:
        ended_by(connection)
    assert served.ask(HELLO).endswith(b"hello")


def ended_by(connection: socket.socket) -> None:
    """Return as the server ends the connection, of which nothing is read meanwhile."""
    wait_until(lambda: _state(connection) != ESTABLISHED, 10)


def _state(connection: socket.socket) -> int:
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def test_those_who_wait_longest_make_room_for_others(served: Served) -> None:
    served.server.adj.connection_limit = 20
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(served.connect(HALF_A_HEAD))
        assert served.ask(HELLO).endswith(b"hello")


def test_bodies_that_are_waited_for_have_a_bound(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_server, "WAITING_BYTES", MB)
    head = b"POST /form HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % (2 * MB)
    with served.connect(head) as slow:
        with suppress(ConnectionError):
            slow.sendall(b"a" * (2 * MB - 1))
        ended_by(slow)
    assert served.ask(HELLO).endswith(b"hello")


@pytest.mark.parametrize("method", [b"POST", b"PATCH"])
@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"])
def test_who_sends_a_large_body_is_known_before_it_is_read(
    served: Served, method: bytes, expect: bytes
) -> None:
    size = b"Content-Length: %d\r\n" % (patient_server.BUFFERED_BYTES + 1)
    answer = served.ask(method + b" /refused HTTP/1.1\r\nHost: here\r\n" + expect + size + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 403")
    assert answer.endswith(b"not for you")


@pytest.mark.parametrize("size", [5, 300_000, 21 * MB])
@pytest.mark.parametrize("path", [b"POST /form", b"PATCH /piece"])
def test_a_body_arrives_whole(served: Served, path: bytes, size: int) -> None:
    head = (
        path + b" HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size
    )
    assert served.ask(head + b"a" * size).endswith(b"\r\n\r\n%d" % size)


def test_the_go_ahead_is_given_where_the_body_is_wanted(served: Served) -> None:
    head = (
        b"PATCH /piece HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    )
    with served.connect(head) as connection:
        assert connection.recv(100) == streamed_body.GO_AHEAD
        connection.sendall(b"abc")
        assert b"".join(iter(lambda: connection.recv(999), b"")).endswith(b"\r\n\r\n3")


def test_a_body_without_a_length_has_a_limit(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_server, "BUFFERED_BYTES", 1000)
    head = b"POST /form HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = served.ask(head + b"7d0\r\n" + b"a" * 2000 + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_long_head_is_refused(served: Served) -> None:
    answer = served.ask(b"GET /".ljust(patient_server.HEAD_BYTES, b"a"))
    assert answer.startswith(b"HTTP/1.0 431")


def test_every_form_of_strangers_can_be_waited_for() -> None:
    assert patient_server.BUFFERED_BYTES >= contribute.BODY_BYTES


def test_at_the_end_what_was_begun_is_answered_and_who_is_slow_is_not_waited_for(
    served: Served, go_on: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_server, "SLOW_END_SECONDS", 0)
    asks = b"GET /waits HTTP/1.1\r\nHost: here\r\n\r\n"
    with served.connect(HALF_A_FORM), served.connect(b""), served.connect(asks) as connection:
        app = served.server.application
        assert app.extensions["arrived"].wait(30)
        ending = threading.Thread(target=served.end)
        ending.start()
        go_on.set()
        assert b"".join(iter(lambda: connection.recv(65536), b"")).endswith(b"waited")
        ending.join(10)
        assert not ending.is_alive()
    with pytest.raises(ConnectionError):
        socket.create_connection(served.address)
