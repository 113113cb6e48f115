"""An SMTP server as its own process that stands still at a chosen point and says so.

A message is written to a file after its final dot and before its 250, one line each:
when it came, the recipient, the Message-ID and a checksum of the content. While the server
stands still it reads and answers nothing, so whoever is to be killed or cut off at that
very point can be; no time is waited for. PIPELINING (RFC 2920) is offered.
"""

import asyncio
import re
import time
import zlib
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from pathlib import Path

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
END = b"\r\n.\r\n"
GREETING = b"250-mail.example.org\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
SECONDS = 300.0  # before it is taken for a fault that something did not happen


class Stop(StrEnum):
    """Where the server can stand still."""

    MAIL = "MAIL was seen, and is not answered"
    DOT = "the final dot was seen, the message is kept, the 250 is withheld"
    ANSWERED = "the 250 was sent"


@dataclass(frozen=True, slots=True)
class Begin:
    """Keep what comes in ``file`` from now on; refuse the addresses in ``dead``."""

    file: Path
    dead: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hold:
    """Stand still when something comes to ``stop`` for the ``nth`` time from now."""

    stop: Stop
    nth: int


@dataclass(frozen=True, slots=True)
class GoOn:
    """Stand still no more."""


@dataclass(frozen=True, slots=True)
class Count:
    """Say how many connections ended without QUIT since Begin."""


@dataclass(frozen=True, slots=True)
class Message:
    at: float  # in seconds since 1970
    recipient: str
    message_id: str
    checksum: str


class MailServer:
    """The server, as whoever started it sees it."""

    def __init__(self, context: ForkServerContext) -> None:
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self.url = f"smtp://127.0.0.1:{self.pipe.recv()}"
        self._file = Path()

    def begin(self, file: Path, dead: frozenset[str] = frozenset()) -> None:
        self._file = file
        file.touch()
        self._tell(Begin(file, dead))

    def hold(self, stop: Stop, nth: int = 1) -> None:
        self._tell(Hold(stop, nth))

    def wait(self, *others: int) -> bool:
        """Return once it stands still (True), or one of ``others`` is ready."""
        ready = wait([self.pipe, *others], SECONDS)
        assert ready, "nothing happened"
        if self.pipe in ready:
            self.pipe.recv()
        return self.pipe in ready

    def go_on(self) -> None:
        self._tell(GoOn())

    def cut(self) -> int:
        """How many connections ended without QUIT."""
        self._tell(Count())
        return int(self.pipe.recv())

    def messages(self) -> list[Message]:
        """Each message that was accepted, in the order of arrival."""
        lines = [line.split("\t") for line in self._file.read_text().splitlines()]
        return [Message(float(at), *rest) for at, *rest in lines]

    def close(self) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
        self.pipe.close()

    def _tell(self, word: object) -> None:
        """Tell it something, and wait until it has heard. A message that it stands still
        which nobody waited for is dropped."""
        self.pipe.send(word)
        while self.pipe.recv() != "heard":
            pass


class Desk:
    """What the connections of the server share."""

    def __init__(self, pipe: Connection) -> None:
        self.is_over = asyncio.Event()
        self.is_still = False
        self.dead: frozenset[str] = frozenset()
        self.talks: set[Talk] = set()
        self.cut = 0
        self._pipe = pipe
        self._hold: Hold | None = None
        self._passed = 0
        self._file = Path()

    def listen(self) -> None:
        """Do what the other end of the pipe says."""
        try:
            word = self._pipe.recv()
        except EOFError:  # whoever started us is gone
            self.is_over.set()
            return
        self._pipe.send("heard")
        match word:
            case Begin(file, dead):
                self._file, self.dead, self.cut = file, dead, 0
                self._go_on()
            case Hold():
                self._hold, self._passed = word, 0
            case GoOn():
                self._go_on()
            case Count():
                self._pipe.send(self.cut)

    def keep(self, recipient: str, content: bytes) -> None:
        found = MESSAGE_ID.search(content)
        name = found[1].decode() if found else "none"
        with self._file.open("a") as file:
            file.write(f"{time.time():.6f}\t{recipient}\t{name}\t{zlib.crc32(content):08x}\n")

    def come_to(self, stop: Stop) -> None:
        """Stand still here, if it was asked for."""
        if self._hold is None or self._hold.stop is not stop:
            return
        self._passed += 1
        if self._passed == self._hold.nth:
            self._hold = None
            self.is_still = True
            for talk in self.talks:
                talk.pause()
            self._pipe.send(stop.value)

    def _go_on(self) -> None:
        self._hold, self.is_still = None, False
        for talk in list(self.talks):
            talk.go_on()


class Talk(asyncio.Protocol):
    """One connection."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._buffer = bytearray()
        self._owed = b""  # an answer withheld while standing still
        self._recipient: str | None = None
        self._in_body = False
        self._looked = 0  # how far the body was searched for its end
        self._said_quit = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._desk.talks.add(self)
        self._answer(b"220 mail.example.org ESMTP\r\n")

    def connection_lost(self, error: Exception | None) -> None:
        self._desk.talks.discard(self)
        self._desk.cut += not self._said_quit

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._advance()

    def pause(self) -> None:
        self._transport.pause_reading()

    def go_on(self) -> None:
        owed, self._owed = self._owed, b""
        self._transport.write(owed)
        self._transport.resume_reading()
        self._advance()

    def _advance(self) -> None:
        while not self._desk.is_still and (self._body() if self._in_body else self._command()):
            pass

    def _body(self) -> bool:
        """Take a whole message; False: it has not arrived yet."""
        end = self._buffer.find(END, self._looked)
        if end < 0:
            self._looked = max(0, len(self._buffer) - len(END))
            return False
        content = bytes(self._buffer[: end + 2])
        del self._buffer[: end + len(END)]
        self._in_body = False
        assert self._recipient is not None
        self._desk.keep(self._recipient, content)
        self._desk.come_to(Stop.DOT)
        self._answer(b"250 2.0.0 kept\r\n")
        self._desk.come_to(Stop.ANSWERED)
        return True

    def _command(self) -> bool:
        """Answer one command; False: none has arrived yet."""
        line, found, rest = self._buffer.partition(b"\r\n")
        if not found:
            return False
        self._buffer = rest
        word = bytes(line[:4]).upper()
        if word in (b"EHLO", b"HELO"):
            self._answer(GREETING)
        elif word == b"MAIL":
            self._recipient = None
            self._desk.come_to(Stop.MAIL)
            self._answer(b"250 2.1.0 go on\r\n")
        elif word == b"RCPT":
            self._rcpt(bytes(line).partition(b"<")[2].partition(b">")[0].decode())
        elif word == b"DATA" and self._recipient is not None:
            self._in_body, self._looked = True, 0
            self._answer(b"354 go on\r\n")
        elif word == b"DATA":
            self._answer(b"554 5.5.1 no valid recipients\r\n")
        elif word == b"QUIT":
            self._said_quit = True
            self._answer(b"221 2.0.0 bye\r\n")
            self._transport.close()
        else:
            self._answer(b"250 2.0.0 done\r\n")
        return True

    def _rcpt(self, address: str) -> None:
        if address in self._desk.dead:
            self._answer(b"550 5.1.1 no such user\r\n")
        else:
            self._recipient = address
            self._answer(b"250 2.1.5 go on\r\n")

    def _answer(self, line: bytes) -> None:
        if self._desk.is_still:
            self._owed += line
        else:
            self._transport.write(line)


def serve(pipe: Connection) -> None:
    """Be the server, and say first on which port."""
    asyncio.run(_serve(pipe))


async def _serve(pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    desk = Desk(pipe)
    server = await loop.create_server(lambda: Talk(desk), "127.0.0.1", 0, backlog=256)
    pipe.send(server.sockets[0].getsockname()[1])
    loop.add_reader(pipe.fileno(), desk.listen)
    await desk.is_over.wait()
    server.close()
