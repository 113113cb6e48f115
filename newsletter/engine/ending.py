"""How a process ends that is asked to: by SIGTERM or SIGINT, with exit code 0."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """While the block runs, a signal to end raises SystemExit(0) in it; in the main thread only."""
    previous = {number: signal.signal(number, _end) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _end(number: int, frame: object) -> None:
    raise SystemExit(0)
