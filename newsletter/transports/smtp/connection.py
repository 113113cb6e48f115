"""One SMTP connection: bytes out, whole replies in, a time limit on each wait.

RFC 5321, with PIPELINING (RFC 2920), STARTTLS (RFC 3207) and AUTH (RFC 4954).
It knows commands and replies; what they mean for a message is for others.
"""

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Mapping
from functools import lru_cache
from typing import cast

from newsletter.transports.smtp.replies import Phase, Reply

REPLY_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])([^\r\n]*))?\r?")
LINE_LIMIT = 4096
REPLY_LINES_LIMIT = 128

# RFC 5321 4.5.3.2, in seconds.
TIMEOUTS: Mapping[Phase, float] = {
    Phase.CONNECT: 30.0,
    Phase.EHLO: 300.0,
    Phase.TLS: 300.0,
    Phase.AUTH: 300.0,
    Phase.MAIL: 300.0,
    Phase.RCPT: 300.0,
    Phase.DATA: 120.0,
    Phase.BODY: 180.0,
    Phase.DOT: 600.0,
    Phase.QUIT: 30.0,
}


class Broken(Exception):
    """The connection is of no more use; the text says how it ended."""


class Wire(asyncio.Protocol):
    """Splits what arrives into replies; anything that is not a reply breaks it."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.replies: deque[Reply] = deque()
        self.garbled = False  # what arrived was no SMTP
        self._loop = asyncio.get_running_loop()
        self._buffer = b""  # of a line, what has arrived
        self._lines: list[str] = []  # of a reply of several
        self._code = 0
        self._ended: str | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._wait = (0.0, 0.0)  # until when, and how long that was, in seconds
        self._watch: asyncio.TimerHandle | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            if self._ended is None:
                self._line(line)
        if len(self._buffer) > LINE_LIMIT:
            self._garbled("it sent a line without an end")
        self._wake()

    def eof_received(self) -> bool:
        self._end("it closed the connection")
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._end(f"the connection was lost ({error})" if error else "it closed the connection")
        self._writable.set()
        if self._watch is not None:
            self._watch.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def reply(self, seconds: float) -> Reply:
        """The next reply. Raises Broken if none comes in time or ever."""
        while not self.replies:
            if self._ended is not None:
                raise Broken(self._ended)
            self._waiter = self._loop.create_future()
            self._limit(seconds)
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self.replies.popleft()

    async def drain(self, seconds: float) -> None:
        """Wait until what was written has mostly left. Raises Broken."""
        if not self._writable.is_set():
            try:
                await asyncio.wait_for(self._writable.wait(), seconds)
            except TimeoutError:
                self._end(f"it took no data for {seconds:.0f} s")
        if self._ended is not None and not self.replies:
            raise Broken(self._ended)

    def write(self, *data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.writelines(data)

    @property
    def has_unread(self) -> bool:
        return bool(self.replies or self._buffer or self._lines)

    def forget_unread(self) -> None:
        """Drop what came in before TLS began: anybody could have put it there."""
        self.replies.clear()
        self._buffer = b""
        self._lines.clear()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def _line(self, line: bytes) -> None:
        read = _read(line)
        if read is None or (self._lines and read[0] != self._code):
            self._garbled(f"it sent no SMTP reply: {line[:80]!r}")
            return
        self._code, goes_on, reply = read
        if not goes_on and not self._lines:
            self.replies.append(reply)
            return
        self._lines.append(reply.text)
        if len(self._lines) > REPLY_LINES_LIMIT:
            self._garbled("it sent a reply without an end")
        elif not goes_on:
            self.replies.append(Reply(self._code, "\n".join(self._lines)))
            self._lines.clear()

    def _limit(self, seconds: float) -> None:
        """Let the wait that begins now take so long. One timer serves wait after wait, as
        setting one for each would cost more than the rest of the wait."""
        until = self._loop.time() + seconds
        self._wait = (until, seconds)
        if self._watch is not None and self._watch.when() > until:
            self._watch.cancel()
            self._watch = None
        if self._watch is None:
            self._watch = self._loop.call_at(until, self._look_at_the_time)

    def _look_at_the_time(self) -> None:
        self._watch = None
        until, seconds = self._wait
        if self._waiter is None:
            return
        if self._loop.time() >= until:
            self._end(f"no answer within {seconds:.0f} s")
        else:
            self._watch = self._loop.call_at(until, self._look_at_the_time)

    def _garbled(self, how: str) -> None:
        self.garbled = True
        self._end(how)

    def _end(self, how: str) -> None:
        if self._ended is None:
            self._ended = how
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        ready = bool(self.replies) or self._ended is not None
        if ready and waiter is not None and not waiter.done():
            waiter.set_result(None)


@lru_cache(maxsize=256)  # a server says the same few things again and again
def _read(line: bytes) -> tuple[int, bool, Reply] | None:
    """The code of a line without its LF, whether the reply goes on after it, and the reply
    that it would be alone; None: it is no reply."""
    match = REPLY_LINE.fullmatch(line)
    if match is None:
        return None
    code = int(match[1])
    text = (match[3] or b"").decode("utf-8", "replace").replace("\0", "\ufffd")
    return code, match[2] == b"-", Reply(code, text)


class Connection:
    """A greeted, and where asked for encrypted and authenticated, connection."""

    def __init__(self, wire: Wire, timeouts: Mapping[Phase, float]) -> None:
        self.wire = wire
        self.timeouts = timeouts
        self.extensions: dict[str, str] = {}

    async def command(self, phase: Phase, line: str) -> Reply:
        """Send one command and wait for its reply. Raises Broken."""
        self.wire.write(line.encode("utf-8") + b"\r\n")
        return await self.reply(phase)

    async def reply(self, phase: Phase) -> Reply:
        """The next reply, within the time that ``phase`` allows. Raises Broken."""
        return await self.wire.reply(self.timeouts[phase])

    async def greet(self, own_name: str) -> Reply:
        """EHLO, and HELO where that is refused; learns what the server offers."""
        reply = await self.command(Phase.EHLO, f"EHLO {own_name}")
        self.extensions = {}
        if reply.code == 250:
            for line in reply.text.split("\n")[1:]:
                word, _, parameters = line.strip().partition(" ")
                self.extensions[word.upper()] = parameters.upper()
        elif 500 <= reply.code < 600:
            reply = await self.command(Phase.EHLO, f"HELO {own_name}")
        return reply

    async def start_tls(self, context: ssl.SSLContext, host: str) -> Reply:
        """STARTTLS; on 220 the connection is encrypted and its peer verified.

        Raises Broken, also if the certificate does not verify.
        """
        reply = await self.command(Phase.TLS, "STARTTLS")
        if reply.code != 220:
            return reply
        self.wire.forget_unread()
        loop = asyncio.get_running_loop()
        assert self.wire.transport is not None  # noqa: S101
        try:
            encrypted = await loop.start_tls(
                self.wire.transport,
                self.wire,
                context,
                server_hostname=host,
                ssl_handshake_timeout=self.timeouts[Phase.CONNECT],
            )
        except (OSError, ssl.SSLError) as error:
            raise Broken(f"TLS failed: {error}") from error
        if encrypted is None:
            raise Broken("the connection was lost during TLS")
        self.wire.transport = encrypted
        return reply

    async def quit(self) -> None:
        """Say goodbye; what comes of it does not matter."""
        try:
            await self.command(Phase.QUIT, "QUIT")
        except Broken:
            pass
        finally:
            self.wire.close()


async def connect(
    host: str, port: int, context: ssl.SSLContext | None, timeouts: Mapping[Phase, float]
) -> Connection:
    """Open a connection, with TLS from the first byte if ``context`` is given.

    Raises Broken.
    """
    loop = asyncio.get_running_loop()
    seconds = timeouts[Phase.CONNECT]
    try:
        async with asyncio.timeout(seconds):
            _, wire = await loop.create_connection(
                Wire, host, port, ssl=context, server_hostname=host if context else None
            )
    except TimeoutError as error:
        raise Broken(f"no connection within {seconds:.0f} s") from error
    except (OSError, ssl.SSLError) as error:
        raise Broken(f"no connection: {error}") from error
    return Connection(wire, timeouts)
