"""A way to PostgreSQL over TCP that counts what is asked, and that can begin to swallow what is
sent, both ways, in silence."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PIECE = 65536


class Path:
    """Between 127.0.0.1 and the server's socket."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.statements: list[str] = []  # each with the first letter of its message
        self._swallows = threading.Event()
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def swallow(self) -> None:
        """From now on nothing comes through, and nobody is told."""
        self._swallows.set()

    def go_on(self) -> None:
        """What comes from now on does: of new connections, as the old ones have lost something."""
        self._swallows.clear()

    def close(self) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._ends.is_set():
            if not select.select([self._listener], [], [], 0.05)[0]:
                continue
            client, _ = self._listener.accept()
            thread = threading.Thread(target=self._carry, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _carry(self, client: socket.socket) -> None:
        has_lost, unread = False, bytearray()
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._server)
            other = {client: server, server: client}
            while not self._ends.is_set():
                for source in select.select(list(other), [], [], 0.05)[0]:
                    try:
                        piece = source.recv(PIECE)
                    except ConnectionError:
                        return
                    has_lost = has_lost or self._swallows.is_set()
                    if not piece and not (has_lost and source is server):
                        return
                    if not has_lost:
                        other[source].sendall(piece)
                        if source is client:
                            self.statements += statements(unread, piece)
                    elif not piece:
                        other.pop(source)


def statements(unread: bytearray, piece: bytes) -> list[str]:
    """The statements that a client's messages ask for, with what was not a whole message before:
    https://www.postgresql.org/docs/current/protocol-message-formats.html"""
    unread += piece
    letters: list[str] = []
    while len(unread) >= 5:
        has_type = unread[0] != 0  # only what comes before the first question has none
        length = int.from_bytes(unread[has_type : has_type + 4]) + has_type
        if len(unread) < length:
            break
        if has_type and chr(unread[0]) in "QE":
            letters.append(unread[has_type + 4 : min(length, 120)].decode("latin-1"))
        del unread[:length]
    return letters


@contextmanager
def path_to(url: str) -> Iterator[tuple[Path, str]]:
    """The way, and the address of the database over it; ``url`` leads to a socket in a folder."""
    address, _, folder = url.partition("?host=")
    path = Path(f"{folder}/.s.PGSQL.5432")
    user, _, name = address.partition("@")
    try:
        yield path, f"{user}@127.0.0.1:{path.port}{name}"
    finally:
        path.close()
