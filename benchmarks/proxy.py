"""A far-away server, made of a near one: a TCP proxy that delays what passes through it.

Each byte leaves so long after it came, in either direction; how many bytes a
second pass is not limited. A connection is far away too: its first byte is
taken half a round trip after it was opened. It runs as a process of its own.
"""

import asyncio
import subprocess
import sys
from asyncio import BaseTransport, Protocol, Transport
from collections.abc import Iterator
from contextlib import contextmanager

ON_ITS_WAY = 64 * 1024 * 1024  # bytes of one direction: far more than pass during the delay


@contextmanager
def far_away(port: int, round_trip: float) -> Iterator[int]:
    """The port of a proxy to ``port`` of this machine, ``round_trip`` seconds away."""
    command = [sys.executable, __file__, str(port), str(round_trip)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


class Half(Protocol):
    """One side of a proxied connection: what it receives, its other side sends later."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._loop = asyncio.get_running_loop()
        self._transport: Transport | None = None
        self._waiting: list[bytes] = []  # until this side is connected
        self._on_its_way = 0
        self._is_full = False  # this side's peer takes no more at the moment
        self.other: Half | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        assert isinstance(transport, Transport)
        self._transport = transport
        for data in self._waiting:
            transport.write(data)
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        self._on_its_way += len(data)
        self._loop.call_later(self._delay, self._arrive, data)
        self.hold()

    def eof_received(self) -> bool:
        self._loop.call_later(self._delay, self._hang_up)
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self._loop.call_later(self._delay, self._hang_up)

    def pause_writing(self) -> None:
        self._is_full = True
        if self.other is not None:
            self.other.hold()

    def resume_writing(self) -> None:
        self._is_full = False
        if self.other is not None:
            self.other.hold()

    def send(self, data: bytes) -> None:
        if self._transport is None:
            self._waiting.append(data)
        else:
            self._transport.write(data)

    def hold(self) -> None:
        """Read no more while the other side is full; read on when it is not."""
        full = self._on_its_way > ON_ITS_WAY or (self.other is not None and self.other._is_full)
        if self._transport is None or self._transport.is_closing():
            return
        if full:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _arrive(self, data: bytes) -> None:
        self._on_its_way -= len(data)
        if self.other is not None:
            self.other.send(data)
        self.hold()

    def _hang_up(self) -> None:
        if self.other is not None:
            self.other.close()


async def serve(port: int, round_trip: float) -> None:
    loop = asyncio.get_running_loop()
    connecting: set[asyncio.Task[object]] = set()

    def accepted() -> Half:
        near, far = Half(round_trip / 2), Half(round_trip / 2)
        near.other, far.other = far, near
        task: asyncio.Task[object] = loop.create_task(connect(far))
        connecting.add(task)
        task.add_done_callback(connecting.discard)
        return near

    async def connect(far: Half) -> None:
        await asyncio.sleep(round_trip / 2)
        await loop.create_connection(lambda: far, "127.0.0.1", port)

    server = await loop.create_server(accepted, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
