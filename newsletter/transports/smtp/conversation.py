"""The messages of one SMTP connection, pipelined where the server offers it.

In a pipelined conversation (RFC 2920) the final dot of a message travels
together with MAIL, RCPT and DATA of the next; its body follows the 354. So a
message costs one round trip. Before each final dot the settling of the
message before is awaited: at no time is more than one message of a
connection taken by the server and not yet recorded here.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

from newsletter.transports.base import KEPT_BACK, Envelope, Feed, Outcome, Verdict
from newsletter.transports.smtp.connection import Broken, Connection
from newsletter.transports.smtp.replies import Phase, Reply, judge, lost

ABOUT_US = {Verdict.REQUEUED, Verdict.THROTTLED, Verdict.BLOCKED}
FORWARDED = {251, 252}  # at RCPT: taken, to be passed on or without having been looked up
NO_SMTPUTF8 = Outcome(
    Verdict.REJECTED,
    "the part before the @ is not ASCII, and the mail server does not offer SMTPUTF8",
)


@dataclass(slots=True)
class _Flight:
    """A message on its way, how far it has come, and what is known of its end."""

    envelope: Envelope
    phase: Phase = Phase.MAIL
    outcome: Outcome | None = None


class Conversation:
    """Carries a feed's envelopes over one open connection."""

    def __init__(self, connection: Connection, feed: Feed, pipelining: bool) -> None:
        self.surprised = False  # the server did not keep to the protocol
        self._connection = connection
        self._wire = connection.wire
        self._feed = feed
        self._pipelining = pipelining
        self._settling: Awaitable[object] | None = None
        self._closing = False  # nothing more is begun
        self._gone = False  # not even QUIT can be said

    async def run(self) -> None:
        """Until the feed is empty or the connection ends. Every envelope taken is settled."""
        flight = await self._next()
        opened = False
        try:
            while flight is not None:
                flight, opened = await self._carry(flight, opened)
            await self._settled()
        finally:
            await self._settled()
            if self._gone:
                self._wire.close()
        if not self._gone:
            await self._connection.quit()

    async def _carry(self, flight: _Flight, opened: bool) -> tuple[_Flight | None, bool]:
        """One message; returns the next and whether its group is on the wire already."""
        following: _Flight | None = None
        try:
            if not opened:
                self._open(flight)
            if await self._transaction(flight) and await self._body(flight):
                await self._settled()
                following = await self._next(wait=False) if self._pipelining else None
                if not await self._feed.may_end(flight.envelope):
                    flight.outcome = KEPT_BACK
                    raise Broken(KEPT_BACK.reply)  # without its dot the server has nothing
                flight.phase = Phase.DOT
                self._wire.write(b".\r\n" + (self._group(following) if following else b""))
                flight.outcome = self._judged(flight, await self._connection.reply(Phase.DOT))
            else:
                await self._settled()
        except Broken as broken:
            self._break(flight, following, str(broken))
            return None, False
        except asyncio.CancelledError:
            self._break(flight, following, "we were stopped")
            await self._settled()
            raise
        self._finish(flight)
        if self._closing:
            self._put_back(following)
            return None, False
        if following is not None:
            return following, True
        return await self._next(), False

    async def _transaction(self, flight: _Flight) -> bool:
        """MAIL, RCPT and DATA: whether the server now waits for the body."""
        commands = {} if self._pipelining else self._commands(flight.envelope)
        for phase, expected in ((Phase.MAIL, 250), (Phase.RCPT, 250), (Phase.DATA, 354)):
            flight.phase = phase
            if not self._pipelining and phase is not Phase.MAIL:
                if flight.outcome is not None:
                    break
                self._wire.write(commands[phase])
            reply = await self._connection.reply(phase)
            accepted = reply.code == expected or (phase is Phase.RCPT and reply.code in FORWARDED)
            if accepted and phase is Phase.DATA and flight.outcome is not None:
                # RFC 2920 3.1: 354 though no recipient was taken; send nothing.
                self._wire.write(b".\r\n")
                await self._connection.reply(Phase.DOT)
            elif not accepted and flight.outcome is None:
                flight.outcome = self._judged(flight, reply)
        if flight.outcome is None:
            flight.phase = Phase.BODY
            return True
        if not self._closing:
            reply = await self._connection.command(Phase.MAIL, "RSET")
            self._closing = reply.code != 250
        return False

    async def _body(self, flight: _Flight) -> bool:
        """The message without its final dot: whether the server still waits for that."""
        envelope = flight.envelope
        # Not joined: what many messages share stays in the processor's cache.
        self._wire.write(*(envelope.segments if envelope.dotless else [_stuffed(envelope.content)]))
        await self._wire.drain(self._connection.timeouts[Phase.BODY])
        if self._wire.has_unread:  # a 421, or what must not be taken for the answer to the dot
            flight.outcome = self._judged(flight, await self._connection.reply(Phase.BODY))
            self._closing = self._gone = True
        return flight.outcome is None

    def _open(self, flight: _Flight) -> None:
        if self._pipelining:
            self._wire.write(self._group(flight))
        else:
            self._wire.write(self._commands(flight.envelope)[Phase.MAIL])

    def _group(self, flight: _Flight) -> bytes:
        return b"".join(self._commands(flight.envelope).values())

    def _commands(self, envelope: Envelope) -> dict[Phase, bytes]:
        utf8 = " SMTPUTF8" if envelope.international else ""
        if "8BITMIME" in self._connection.extensions and envelope.international:
            utf8 = f" BODY=8BITMIME{utf8}"
        return {
            Phase.MAIL: f"MAIL FROM:<{envelope.sender}>{utf8}\r\n".encode(),
            Phase.RCPT: f"RCPT TO:<{envelope.recipient}>\r\n".encode(),
            Phase.DATA: b"DATA\r\n",
        }

    def _judged(self, flight: _Flight, reply: Reply) -> Outcome:
        if not _is_possible(flight.phase, reply):
            self.surprised = True
        outcome = judge(flight.phase, reply)
        if self.surprised or reply.code == 421:
            self._gone = True
        # What is not about this recipient would be the same for the next.
        if self._gone or outcome.verdict in ABOUT_US:
            self._closing = True
        return outcome

    async def _next(self, wait: bool = True) -> _Flight | None:
        """The next envelope that this server can take at all."""
        while (envelope := await self._feed.take(wait)) is not None:
            if envelope.international and "SMTPUTF8" not in self._connection.extensions:
                await self._feed.settle(envelope, NO_SMTPUTF8)
                continue
            return _Flight(envelope)
        return None

    def _finish(self, flight: _Flight) -> None:
        assert flight.outcome is not None  # noqa: S101
        self._settling = self._feed.settle(flight.envelope, flight.outcome)

    def _put_back(self, flight: _Flight | None) -> None:
        if flight is not None:
            self._gone = True  # its group is on the wire: the server may wait for its body
            outcome = Outcome(Verdict.REQUEUED, "the server closed the connection before its turn")
            self._settling = _both(self._settling, self._feed.settle(flight.envelope, outcome))

    def _break(self, flight: _Flight, following: _Flight | None, how: str) -> None:
        """The connection is gone: what is known of each message is how far it had come."""
        self._closing = self._gone = True
        self.surprised = self.surprised or self._wire.garbled
        if flight.outcome is None:
            flight.outcome = lost(flight.phase, how)
        settling = self._settling
        self._settling = _both(settling, self._feed.settle(flight.envelope, flight.outcome))
        self._put_back(following)

    async def _settled(self) -> None:
        if self._settling is not None:
            settling, self._settling = self._settling, None
            await settling


async def _both(first: Awaitable[object] | None, second: Awaitable[object]) -> None:
    if first is not None:
        await first
    await second


def _is_possible(phase: Phase, reply: Reply) -> bool:
    """Whether a server that keeps to RFC 5321 could say that in that phase."""
    if reply.code == 354:
        return phase is Phase.DATA
    return reply.code >= 400 or phase is Phase.DOT


def _stuffed(content: bytes) -> bytes:
    """Dot-stuffed (RFC 5321 4.5.2) and ending in CRLF, without the final dot."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
