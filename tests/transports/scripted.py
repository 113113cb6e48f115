"""An SMTP server that does as it is told: what it answers to each command is a table.

    async with ScriptedServer({"RCPT": [OK, say("550 5.1.1 no such user")]}) as server:
        ...

Steps are CONNECT, EHLO, HELO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY (the first
octets of a message have come), DOT, RSET and QUIT. Each occurrence of a step takes
the next answer of its list; where none is left, the server answers as it should.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Answer:
    """What is written, and whether the server then closes, or says nothing for ever."""

    text: str = ""
    closes: bool = False
    stalls: bool = False


def say(text: str, closes: bool = False) -> Answer:
    return Answer(f"{text}\r\n", closes)


OK = Answer()  # as it should
HANGS_UP = Answer(closes=True)
STALLS = Answer(stalls=True)
FAULTS = {
    "421": say("421 4.3.2 going down", closes=True),
    "4xx": say("451 4.3.0 later"),
    "5xx": say("554 5.0.0 no"),
    "disconnect": HANGS_UP,
    "stall": STALLS,
    "garbage": say("\0\xff no SMTP"),
}

DEFAULTS = {
    "CONNECT": "220 mx.example.org ESMTP",
    "HELO": "250 mx.example.org",
    "STARTTLS": "220 2.0.0 go ahead",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    "DOT": "250 2.0.0 kept",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}


class ScriptedServer:
    """``heard`` has each command, ``messages`` each message as it came to its final dot
    (dots removed), and ``log`` "dot N" for the Nth of them; others may write to it."""

    def __init__(
        self,
        script: Mapping[str, Sequence[Answer]] | None = None,
        extensions: Sequence[str] = ("PIPELINING", "8BITMIME", "SMTPUTF8"),
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
    ) -> None:
        self.heard: list[str] = []
        self.messages: list[bytes] = []
        self.log: list[str] = []
        self.chunks: list[bytes] = []  # as they came, of commands and messages alike
        self.sessions = 0
        self.opened: list[int] = []  # how many were open with each that was opened
        self._script = {step: list(answers) for step, answers in (script or {}).items()}
        self._extensions = extensions
        self._tls = tls
        self._implicit_tls = implicit_tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", 0, ssl=self._tls if self._implicit_tls else None
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()

    def said(self, word: str) -> list[str]:
        """What was heard of one command."""
        return [line for line in self.heard if line.split(" ")[0].upper() == word]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        self._writers.append(writer)
        task = asyncio.get_running_loop().create_task(_Session(self, reader, writer).serve())
        self._tasks.add(task)
        self.opened.append(sum(not task.done() for task in self._tasks))

    def next_answer(self, step: str, default: str = "") -> Answer:
        answers = self._script.get(step)
        answer = answers.pop(0) if answers else OK
        return say(default or DEFAULTS[step]) if answer == OK else answer

    @property
    def greeting_of_ehlo(self) -> str:
        lines = ["mx.example.org", *self._extensions]
        return "\r\n".join(f"250{' ' if at == len(lines) - 1 else '-'}{line}" for at, line in
                           enumerate(lines))  # fmt: skip


class _Closed(Exception):
    """The session is over."""


class _Session:
    def __init__(
        self, server: ScriptedServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._buffer = b""
        self._has_sender = False
        self._has_recipient = False

    async def serve(self) -> None:
        try:
            await self._answer("CONNECT")
            while True:
                line = (await self._until(b"\r\n")).decode()
                self._server.heard.append(line)
                await self._command(line.split(" ")[0].split(":")[0].upper())
        except (_Closed, OSError):
            pass
        finally:
            self._writer.close()

    async def _command(self, word: str) -> None:
        match word:
            case "EHLO":
                await self._answer("EHLO", self._server.greeting_of_ehlo)
            case "STARTTLS":
                if (await self._answer("STARTTLS")).text.startswith("220"):
                    await self._writer.start_tls(self._server._tls)  # type: ignore[arg-type]
            case "AUTH":
                await self._authenticate()
            case "MAIL" | "RSET":
                accepted = (await self._answer(word)).text.startswith("250")
                self._has_sender, self._has_recipient = accepted and word == "MAIL", False
            case "RCPT":
                right = DEFAULTS["RCPT"] if self._has_sender else "503 5.5.1 MAIL first"
                self._has_recipient = (await self._answer("RCPT", right)).text.startswith("25")
            case "DATA":
                right = DEFAULTS["DATA"] if self._has_recipient else "554 5.5.1 no valid recipients"
                if (await self._answer("DATA", right)).text.startswith("354"):
                    await self._take_message()
            case "QUIT":
                await self._answer("QUIT")
                raise _Closed
            case _:
                await self._answer(word)

    async def _authenticate(self) -> None:
        if self._server.heard[-1].upper() == "AUTH LOGIN":
            for question in ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"):
                self._writer.write(f"{question}\r\n".encode())
                self._server.heard.append((await self._until(b"\r\n")).decode())
        while (await self._answer("AUTH")).text.startswith("334"):
            self._server.heard.append((await self._until(b"\r\n")).decode())

    async def _take_message(self) -> None:
        if self._server._script.get("BODY"):
            await self._until(b"\r\n")
            await self._answer("BODY", "250 a reply that nobody asked for")
        stuffed = await self._until(b"\r\n.\r\n", before=b"\r\n")  # the first line may be the dot
        lines = [line.removeprefix(b".") + b"\r\n" for line in stuffed.split(b"\r\n")[1:]]
        self._server.messages.append(b"".join(lines))
        self._server.log.append(f"dot {len(self._server.messages)}")
        await self._answer("DOT")

    async def _answer(self, step: str, default: str = "") -> Answer:
        answer = self._server.next_answer(step, default)
        self._writer.write(answer.text.encode())
        if answer.stalls:
            await asyncio.Event().wait()
        if answer.closes:
            raise _Closed
        return answer

    async def _until(self, end: bytes, before: bytes = b"") -> bytes:
        """What comes up to ``end``, which is dropped; ``before`` counts as come already."""
        self._buffer = before + self._buffer
        while end not in self._buffer:
            chunk = await self._reader.read(65536)
            if not chunk:
                raise _Closed
            self._server.chunks.append(chunk)
            self._buffer += chunk
        found, _, self._buffer = self._buffer.partition(end)
        return found
