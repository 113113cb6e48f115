"""A limit for work that strangers ask for: a few at a time, a short queue, and no more.

Whoever waits holds a thread that others need, so most are refused at once.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from newsletter.errors import Busy

RETRY_AFTER = 5  # seconds


class ConcurrencyLimit:
    """Some places, and a queue before them. Any thread may ask."""

    def __init__(self, number: int, queue: int, patience: float, sentence: str) -> None:
        """``patience``: seconds that somebody waits in the queue. ``sentence`` is what the
        others are told."""
        self._places = threading.BoundedSemaphore(number)
        self._most = number + queue
        self._lock = threading.Lock()
        self._here = 0  # who has a place or waits for one
        self._patience = patience
        self._sentence = sentence

    @contextmanager
    def entered(self) -> Iterator[None]:
        """A place for as long as the block runs. Raises Busy."""
        with self._lock:
            self.refuse_when_full()
            self._here += 1
        try:
            if not self._places.acquire(timeout=self._patience):
                raise self._busy()
            try:
                yield
            finally:
                self._places.release()
        finally:
            with self._lock:
                self._here -= 1

    def refuse_when_full(self) -> None:
        """Raises Busy if nobody could even wait: before any other work is begun."""
        if self._here >= self._most:
            raise self._busy()

    def _busy(self) -> Busy:
        return Busy(self._sentence, RETRY_AFTER)
