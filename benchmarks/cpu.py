"""CPU time, user and system, of what is measured: on a machine that is shared it says more than
a rate, as others' work hardly counts in it."""

import os
import resource
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from newsletter.db import Database

TICKS = os.sysconf("SC_CLK_TCK")  # a second


class CpuMeter:
    """Microseconds a message, run after run, by a clock that counts CPU seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._runs: list[float] = []

    @contextmanager
    def counting(self, messages: int) -> Iterator[None]:
        """Count what is used until the block ends as that of one run."""
        began = self._clock()
        yield
        self._runs.append((self._clock() - began) / messages * 1e6)

    @property
    def last(self) -> float:
        return self._runs[-1]

    @property
    def median(self) -> float:
        return statistics.median(self._runs)


def of_this_process() -> float:
    """CPU seconds of all threads of this process."""
    return _seconds(resource.RUSAGE_SELF)


def of_finished_children() -> float:
    """CPU seconds of the children of this process that have ended."""
    return _seconds(resource.RUSAGE_CHILDREN)


def of_server(db: Database) -> Callable[[], float]:
    """A clock for all processes of the PostgreSQL server of ``db``, which runs on this machine."""
    with db.read() as session:
        backend = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    server = int(_stat(backend)[1])  # its parent

    def clock() -> float:
        stats = (_stat(int(path.name)) for path in Path("/proc").glob("[0-9]*"))
        ticks = sum(sum(map(int, s[11:13])) for s in stats if s and int(s[1]) == server)
        return (ticks + sum(map(int, _stat(server)[11:15]))) / TICKS

    return clock


def _seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _stat(pid: int) -> list[str]:
    """The fields of proc(5)'s stat from the state on; none: it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
