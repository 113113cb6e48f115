"""How a process ends that is asked to: by SIGTERM or SIGINT, with exit code 0."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """While the block runs, the first signal to end raises SystemExit(0) in it, and further ones
    do not disturb what it does then. In the main thread only."""
    previous = {number: signal.signal(number, _end) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def wait_for_signals() -> None:
    """Wait in the main thread until ``ended_by_signals`` ends it.

    The kernel may give a signal to any thread, and one that waits for a lock goes on waiting
    then; so what is waited for here is what a signal writes.
    """
    reading, writing = socket.socketpair()
    with reading, writing:
        writing.setblocking(False)
        previous = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            while True:
                reading.recv(1)
        finally:
            signal.set_wakeup_fd(previous)


def _end(number: int, frame: object) -> None:
    for one in SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    raise SystemExit(0)
