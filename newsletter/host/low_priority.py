"""Threads that give way to all others of the machine."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class LowPriorityThreads:
    """Some threads for work that nobody else should wait for. On Linux the system gives
    processor time to them when no other thread wants it (SCHED_IDLE, sched(7)), and takes it away
    as soon as one does; elsewhere they are as any other."""

    def __init__(self, number: int) -> None:
        self._pool = ThreadPoolExecutor(number, "low-priority", _give_way)

    def run(self, work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        """What ``work`` returns or raises, once it was done by one of them."""
        return self._pool.submit(work, *arguments, **named).result()

    def close(self) -> None:
        self._pool.shutdown()


def _give_way() -> None:
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(threading.get_native_id(), os.SCHED_IDLE, os.sched_param(0))
