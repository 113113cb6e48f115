"""Carrying messages to a scripted server over one connection or several."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from newsletter.transports.base import Envelope
from newsletter.transports.smtp.connection import TIMEOUTS
from newsletter.transports.smtp.replies import Phase
from newsletter.transports.smtp.transport import SmtpTransport
from tests.transports.feeds import ListFeed
from tests.transports.scripted import ScriptedServer

LOCK_STEP = ("8BITMIME", "SMTPUTF8")  # all but PIPELINING
PIPELINED = ("PIPELINING", *LOCK_STEP)
BOTH_WAYS = pytest.mark.parametrize(
    "extensions", [PIPELINED, LOCK_STEP], ids=["pipelined", "lock-step"]
)
A_MOMENT = 0.05  # seconds
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


class Loop:
    """The event loop that tests talk on; the fixture ``each_loop`` changes it."""

    make = LOOPS["asyncio"]


def talk(talking: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=Loop.make) as runner:
        runner.run(talking)


def transport(server: ScriptedServer, **options: object) -> SmtpTransport:
    settings: dict[str, object] = {"tls": "none", "own_name": "news.example.org"} | options
    return SmtpTransport("127.0.0.1", server.port, **settings)  # type: ignore[arg-type]


def carry(server: ScriptedServer, feed: ListFeed, times: int = 1, **options: object) -> None:
    """So many connections, one after the other, of one transport."""

    async def run() -> None:
        async with server:
            way = transport(server, **options)
            for _ in range(times):
                await way.serve_connection(feed)

    talk(run())


def impatient(phase: Phase) -> dict[Phase, float]:
    return {**TIMEOUTS, phase: A_MOMENT}


def commands_of(chunk: bytes) -> list[bytes]:
    known = (b"EHLO", b"MAIL", b"RCPT", b"DATA", b".", b"RSET", b"QUIT")
    return [line for line in chunk.split(b"\r\n") if line.startswith(known)]


def international(number: int) -> Envelope:
    return Envelope(
        key=("delivery", number),
        sender="list@example.org",
        recipient="zoë@xn--bcher-kva.example",
        message_id=f"<{number}@example.org>",
        segments=[b"hello\r\n"],
        international=True,
    )
