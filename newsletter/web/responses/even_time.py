"""Answers that take as long whatever they are about: the time tells no more than the words."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

STEP = 0.02  # seconds: longer than it takes for a new address, or for a known one


@contextmanager
def evenly() -> Iterator[None]:
    """Take a whole number of steps whatever is done inside: one, and under load, where it takes
    longer for everybody, some more."""
    began = monotonic()
    yield
    sleep(-(monotonic() - began) % STEP)
