"""Processes and threads that give way to others of the machine."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TypeVar

NICENESS = 15  # of 19, of threads

P = ParamSpec("P")
R = TypeVar("R")


class LowPriorityThreads:
    """Some threads for work that nobody else should wait for. On Linux the system gives
    processor time to them when no other thread wants it; elsewhere they are as any other."""

    def __init__(self, number: int) -> None:
        self._pool = ThreadPoolExecutor(number, "low-priority", partial(give_way, NICENESS))

    def run(self, work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        """What ``work`` returns or raises, once it was done by one of them."""
        return self._pool.submit(work, *arguments, **named).result()

    def close(self) -> None:
        self._pool.shutdown()


def give_way(niceness: int) -> None:
    """Have the thread that calls, and what it starts from now on, wait for others that are less
    nice (nice(7)): of a process, if it is the first one."""
    thread = threading.get_native_id()
    with suppress(OSError):
        niceness = max(niceness, os.getpriority(os.PRIO_PROCESS, thread))
        os.setpriority(os.PRIO_PROCESS, thread, niceness)
