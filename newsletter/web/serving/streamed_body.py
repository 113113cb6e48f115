"""A body that is read by the thread that wants it, straight from its connection."""

import io
import select
import socket
from typing import TYPE_CHECKING, Self

from werkzeug.exceptions import ClientDisconnected

from newsletter.clock import steady

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SILENT_SECONDS = 10.0  # that it waits for the next byte
LONGEST_SECONDS = 600.0  # that a body may take
GO_AHEAD = b"HTTP/1.1 100 Continue\r\n\r\n"


class StreamedBody(io.RawIOBase):
    """What comes of a body of ``length`` bytes, of which ``begun`` has come already. Reading
    raises ClientDisconnected where the other end has gone, is silent, or takes too long.

    waitress's loop asks nothing of a connection that a thread is busy for.
    """

    completed = True  # as far as the loop is concerned
    error = None

    def __init__(self, begun: bytes, length: int, waits_for_go_ahead: bool) -> None:
        self.connection: socket.socket | None = None
        self._begun = begun
        self._left = length
        self._waits_for_go_ahead = waits_for_go_ahead
        self._ends_at = steady() + LONGEST_SECONDS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        size = min(len(view), self._left)
        if not size:
            return 0
        piece = self._begun[:size] or self._received(size)
        self._begun = self._begun[len(piece) :]
        view[: len(piece)] = piece
        self._left -= len(piece)
        return len(piece)

    def _received(self, size: int) -> bytes:
        if self.connection is None:
            raise ClientDisconnected
        try:
            if self._waits_for_go_ahead:
                self._waits_for_go_ahead = False
                self.connection.send(GO_AHEAD)
            readiness = select.poll()  # reading itself never waits
            readiness.register(self.connection, select.POLLIN)
            is_here = steady() < self._ends_at and readiness.poll(SILENT_SECONDS * 1000)
            piece = self.connection.recv(size) if is_here else b""
        except OSError as error:
            raise ClientDisconnected from error
        if not piece:
            raise ClientDisconnected
        return piece

    # What waitress asks of the place where it keeps a body.

    def __len__(self) -> int:
        return self._left

    def getfile(self) -> Self:
        return self

    def getbuf(self) -> Self:
        return self
