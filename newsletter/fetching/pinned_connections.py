"""Connections to addresses that were checked: resolved once, dialled as checked.

The name is used for the Host header, SNI and the certificate; the socket goes
to one of the addresses that were looked at. Nothing resolves the name again,
so a name server that changes its answer (DNS rebinding) gains nothing.
"""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from newsletter.errors import FetchRefused, UnknownHost
from newsletter.fetching.ip_ranges import is_public

Resolve = Callable[[str, int], Sequence[str]]
Dial = Callable[[float | None], socket.socket]
NO_SUCH_NAME = {socket.EAI_NONAME, socket.EAI_NODATA}


def resolve(host: str, port: int) -> list[str]:
    """The addresses that the system's resolver knows for ``host``. Raises OSError."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in infos))


def checked_addresses(
    host: str, port: int, resolve: Resolve, allowed_hosts: frozenset[str]
) -> Sequence[str]:
    """The addresses of ``host``, every one of them public.

    ``allowed_hosts`` (``host`` or ``host:port``, lower case) may be anywhere.
    Raises FetchRefused, and UnknownHost where the name server says that there is none.
    """
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError) as error:
        kind = UnknownHost if _says_that_there_is_none(error) else FetchRefused
        raise kind(f"The name {host} was not found: check its spelling.") from error
    if not addresses:
        raise UnknownHost(f"The name {host} has no address: check its spelling.")
    name = host.rstrip(".").lower()
    if allowed_hosts & {name, f"{name}:{port}"}:
        return addresses
    if not all(is_public(address) for address in addresses):
        raise FetchRefused(f"{host} is not on the public Internet: give a public address.")
    return addresses


def _says_that_there_is_none(error: Exception) -> bool:
    """Not so where the name server itself could not be asked (EAI_AGAIN)."""
    return isinstance(error, socket.gaierror) and error.errno in NO_SUCH_NAME


class Deadline:
    """Ends every connection that it watches when the time is up.

    Socket timeouts bound one wait, not the sum of them: a server that sends a
    byte now and then would hold us for ever.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for duplicate in self._watched:
                duplicate.close()
            self._watched.clear()

    @property
    def remaining(self) -> float:
        """Seconds left; never 0, which would mean "do not wait" to a socket."""
        return max(self._ends - time.monotonic(), 0.001)

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self._ends

    def watch(self, connection: socket.socket) -> None:
        # A duplicate stays valid when TLS takes the descriptor over.
        with self._lock:
            self._watched.append(connection.dup())
        if self.passed:
            self._end()

    def _end(self) -> None:
        with self._lock:
            for duplicate in self._watched:
                try:
                    duplicate.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the other side was faster


def dialer(addresses: Sequence[str], port: int, deadline: Deadline) -> Dial:
    """A function that connects to the first of ``addresses`` that accepts."""

    def dial(timeout: float | None) -> socket.socket:
        refusals: list[OSError] = []
        for address in addresses:
            wait = min(timeout or deadline.remaining, deadline.remaining)
            try:
                connection = socket.create_connection((address, port), wait)
            except OSError as error:
                refusals.append(error)
                continue
            connection.settimeout(timeout)
            deadline.watch(connection)
            return connection
        raise refusals[-1]

    return dial


class _Dialled(HTTPConnection):
    def __init__(self, *args: Any, dial: Dial, **options: Any) -> None:
        super().__init__(*args, **options)
        self._dial = dial

    def _new_conn(self) -> socket.socket:
        return self._dial(self.timeout if isinstance(self.timeout, int | float) else None)


class _DialledTLS(_Dialled, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Dialled


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _DialledTLS


def pool(scheme: str, host: str, port: int, dial: Dial) -> HTTPConnectionPool:
    """A pool of one connection to ``host`` that only ever uses ``dial``."""
    kind = _PoolTLS if scheme == "https" else _Pool
    return kind(host, port, maxsize=1, dial=dial)
