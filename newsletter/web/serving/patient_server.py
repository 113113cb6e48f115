"""waitress, with a bound on everything that slow clients keep waiting.

A thread is taken by a request that is here, and given back once its answer is made: waitress's
loop waits for whoever sends or reads slowly, at the cost of a file descriptor and a few
kilobytes. A body that is too large to wait for is read by one of a few threads of its own,
where the app learns who sends it before it reads any of it.
"""

import logging
import math
import resource
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.utilities import RequestEntityTooLarge

from newsletter.clock import steady
from newsletter.web.serving.streamed_body import StreamedBody

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger(__name__)

MB = 1024 * 1024
HEAD_BYTES = 16 * 1024
BUFFERED_BYTES = 20 * MB  # of a body; the largest that a form of strangers may have
IN_MEMORY = 64 * 1024  # of a body or an answer; the rest is in a file without a name
ANSWER_BYTES = 16 * MB  # that are made ahead of who reads them, unless they are a file
WAITING_BYTES = 256 * MB  # of all bodies and answers of a process that are waited for
CONNECTIONS = 4000  # of a process
FILES = 400  # that it may have open beside them
AT_ONCE = struct.pack("ii", 1, 0)  # of closing: what was not sent is not waited for
STREAMS = 4  # threads for bodies that are not kept

HEAD_SECONDS = 20
BODY_SECONDS = 60
ANSWER_SECONDS = 30  # of which nothing is read
SLOW_END_SECONDS = 2  # at the end of the process
IDLE_SECONDS = 75  # longer than a proxy keeps a connection that nobody uses


class Parser(HTTPRequestParser):
    """A request as it comes in."""

    body_rcv: Any
    completed: bool
    expect_continue: bool
    is_streamed = False

    def received(self, data: bytes) -> int:
        was_in_head = self.body_rcv is None
        consumed = int(super().received(data))
        if was_in_head and self.headers_finished and not self.completed:
            if self.content_length > BUFFERED_BYTES or self.command == "PATCH":
                return self._stream(data, consumed)
        elif self.chunked and self.body_bytes_received > BUFFERED_BYTES:
            self.error = RequestEntityTooLarge(f"exceeds {BUFFERED_BYTES} bytes")
            self.completed = True
        return consumed

    def _stream(self, data: bytes, consumed: int) -> int:
        if self.chunked:
            return consumed
        begun = data[consumed : consumed + self.content_length]
        self.body_rcv = StreamedBody(begun, self.content_length, self.expect_continue)
        self.expect_continue = False
        self.headers["CONNECTION"] = "close"  # nobody may have read all of it
        self.is_streamed = self.completed = True
        return len(data)


class Channel(HTTPChannel):
    """A connection."""

    parser_class = Parser

    def __init__(self, *arguments: Any, **named: Any) -> None:
        # By a clock that nobody sets: when its request began to come, when bytes last passed.
        self.begun_at = self.active_at = steady()
        super().__init__(*arguments, **named)

    def received(self, data: bytes) -> bool:
        self.active_at = steady()
        if self.request is None:
            self.begun_at = self.active_at
        return bool(super().received(data))

    def _flush_some(self, do_close: bool = True) -> bool:
        has_sent = bool(super()._flush_some(do_close=do_close))
        if has_sent:
            self.active_at = steady()
        return has_sent

    @property
    def is_idle(self) -> bool:
        return self.request is None and not self.requests and not self.total_outbufs_len

    @property
    def waiting_bytes(self) -> int:
        body = self.request.body_rcv if self.request is not None else None
        return int(self.total_outbufs_len) + (body.__len__() if body is not None else 0)

    def drop(self) -> None:
        """End it, with what the system would still keep for its other end."""
        with suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.handle_close()

    def handle_close(self) -> None:
        super().handle_close()
        if self.request is not None:
            self.request.close()

    def is_overdue(self, now: float) -> bool:
        """Whether its other end has kept it waiting for too long."""
        if self.total_outbufs_len:
            return now - self.active_at > ANSWER_SECONDS
        if self.requests:
            return False  # it waits for us
        if self.request is None:
            return now - self.active_at > IDLE_SECONDS
        return now - self.begun_at > (
            BODY_SECONDS if self.request.headers_finished else HEAD_SECONDS
        )


class PatientServer(TcpWSGIServer):
    """Serves an app on a socket that is bound, in threads of ``dispatcher``."""

    channel_class = Channel
    next_channel_cleanup = math.inf  # of waitress's own; ``tidy_up`` is in its place
    _tidied_at = 0.0

    @classmethod
    def on(cls, bound: socket.socket, app: "WSGIApplication", threads: int) -> Self:
        adjustments = Adjustments(
            sockets=[bound],
            ident=None,
            # Who asks through which proxies is known to the app.
            clear_untrusted_proxy_headers=False,
            asyncore_use_poll=True,
            connection_limit=_most_connections(),
            inbuf_overflow=IN_MEMORY,
            log_socket_errors=False,
            max_request_body_size=2**62,  # the app has a limit for each form
            max_request_header_size=HEAD_BYTES,
            outbuf_high_watermark=ANSWER_BYTES,
            outbuf_overflow=IN_MEMORY,
        )
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(threads)
        about = (bound.family, bound.type, bound.proto, bound.getsockname())
        return cls(
            app, _sock=bound, dispatcher=dispatcher, adj=adjustments,
            sockinfo=about, bind_socket=False,
        )  # fmt: skip

    def __init__(self, *arguments: Any, **named: Any) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._streams = ThreadedTaskDispatcher()
        self._streams.set_thread_count(STREAMS)
        super().__init__(*arguments, **named)

    def handle_error(self) -> None:
        """One connection that cannot be taken does not end the rest."""
        log.exception("A connection was not taken.", extra={"event": "connection.not_taken"})

    def add_task(self, channel: Channel) -> None:
        request = channel.requests[0]
        if request.is_streamed:
            request.body_rcv.connection = channel.socket
            self._streams.add_task(channel)
        else:
            super().add_task(channel)

    def tidy_up(self, now: float) -> None:
        """End what is overdue, and where there is too much of it, what has kept
        us waiting for the longest."""
        patient = []
        for channel in list(self.active_channels.values()):
            if channel.is_overdue(now):
                channel.drop()
            elif not channel.requests or channel.total_outbufs_len:
                patient.append(channel)
        surplus = len(self.active_channels) - self.adj.connection_limit * 3 // 4
        surplus_bytes = sum(channel.waiting_bytes for channel in patient) - WAITING_BYTES
        for channel in sorted(patient, key=lambda channel: channel.begun_at):
            if surplus > 0 or (surplus_bytes > 0 and channel.waiting_bytes):
                channel.drop()
                surplus -= 1
                surplus_bytes -= channel.waiting_bytes

    def step(self) -> None:
        """One turn of the loop: at most a second."""
        now = steady()
        if now - self._tidied_at >= 1:
            self._tidied_at = now
            self.tidy_up(now)
        self.asyncore.loop(timeout=1, use_poll=True, map=self._map, count=1)

    def stop(self, seconds: float) -> None:
        """Take nothing new, and end what was begun: what is being answered within so many
        seconds, what has not come whole or is not read within a few."""
        self.asyncore.dispatcher.close(self)
        ends_at = steady() + seconds
        slow_end_at = steady() + min(seconds, SLOW_END_SECONDS)
        while self.active_channels and steady() < ends_at:
            are_slow_over = steady() > slow_end_at
            for channel in list(self.active_channels.values()):
                if channel.is_idle:
                    channel.handle_close()  # its last answer may be on its way
                elif are_slow_over and not channel.requests:
                    channel.drop()
            self.asyncore.loop(timeout=0.1, use_poll=True, map=self._map, count=1)
        for dispatcher in (self.task_dispatcher, self._streams):
            dispatcher.shutdown(timeout=1)
        self.asyncore.close_all(self._map, ignore_all=True)


def _most_connections() -> int:
    """As many as the system lets a process have, each with a file for what it is waited for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS + FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(100, min(CONNECTIONS, (soft - FILES) // 2))
