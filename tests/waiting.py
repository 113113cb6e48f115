"""Waiting for what other processes do: as long as a busy machine may need, and no longer."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

PATIENCE = 300.0  # seconds


def wait_until(is_so: Callable[[], object], seconds: float = PATIENCE) -> None:
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        pause.wait(0.02)


def wait_until_ended(*pids: int) -> None:
    """A process that was killed is gone a moment later, when the system next runs it."""
    wait_until(lambda: not any(map(_is_alive, pids)), 10)


def _is_alive(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        # Without its parent, a killed one may wait for init to take note of it.
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False
