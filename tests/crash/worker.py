"""`newsletter worker --once`, or another command, as a process that may have a trap in it.

Workers are forked from a process that has loaded the program already, so one costs
little; apart from that they are what the command starts. A trap ends the process by
SIGKILL at an exact point. It is laid around the program's own methods before it
starts: nothing in the program knows of it.
"""

import faulthandler
import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import time_machine
from sqlalchemy import Engine, event

from newsletter.cli import main
from newsletter.delivery.sending.pg_fast_path import SETTLE, FastPath, PreparedStatement
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.transports.smtp.connection import Wire

BODY_AT_LEAST = 1000  # bytes; commands are shorter
ONCE = ("worker", "--once")
SECONDS = 300.0  # before a worker is taken to hang


class Point(StrEnum):
    """Where a worker is killed."""

    BEFORE_CLAIM = "before claim"
    AFTER_CLAIM = "after claim"
    INSIDE_DATA = "inside DATA"
    AFTER_DOT = "after the dot"
    BEFORE_SETTLE = "after 250, before settle"
    INSIDE_SETTLE = "inside settle"
    AFTER_SETTLE = "after settle"
    ANY_TIME = "at any time"


@dataclass(frozen=True, slots=True)
class Trap:
    """Die when coming by ``point`` for the ``nth`` time."""

    point: Point
    nth: int = 1

    def lay(self) -> None:
        # On PostgreSQL the ordinary takes the fast path, on SQLite all is done by WorkerStore.
        match self.point:
            case Point.BEFORE_CLAIM:
                _around(WorkerStore, "claim", self.nth, before=_die)
                _around_awaited(FastPath, "claim", self.nth, before=_die)
            case Point.AFTER_CLAIM:
                _around(WorkerStore, "claim", self.nth, after=_die)
                _around_awaited(FastPath, "claim", self.nth, after=_die)
            case Point.INSIDE_DATA:
                _cut_a_body(self.nth)
            case Point.BEFORE_SETTLE:
                _around(WorkerStore, "settle", self.nth, before=_die)
                _around_awaited(FastPath, "settle_sent", self.nth, before=_die)
            case Point.INSIDE_SETTLE:
                _around(WorkerStore, "settle", self.nth, before=_die_after_a_statement)
                _around_awaited(
                    PreparedStatement, "_execute", self.nth, after=_die, only=_is_settling
                )
            case Point.AFTER_SETTLE:
                _around(WorkerStore, "settle", self.nth, after=_die)
                _around_awaited(FastPath, "settle_sent", self.nth, after=_die)
            case Point.AFTER_DOT | Point.ANY_TIME:
                raise ValueError(f"{self.point} is not for the worker itself to know")


@dataclass(frozen=True, slots=True)
class Shift:
    """Set this process's clock forward by ``by``, with the ``claim``-th claim."""

    by: timedelta
    claim: int = 1  # 0: before it begins

    def lay(self) -> None:
        if not self.claim:
            self._shift()
        _around(WorkerStore, "claim", self.claim, before=self._shift)

    def _shift(self) -> None:
        time_machine.travel(datetime.now(UTC) + self.by, tick=True).start()


class Worker:
    """A running worker, as whoever started it sees it."""

    def __init__(
        self,
        context: ForkServerContext,
        environ: dict[str, str],
        log: Path,
        orders: Trap | Shift | None = None,
        command: Sequence[str] = ONCE,
    ) -> None:
        self._log = log
        arguments = (environ, log, orders, command)
        self._process = context.Process(target=work, args=arguments, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        self.sentinel = self._process.sentinel

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; to one that has ended it makes no difference."""
        if self._process.is_alive():
            os.kill(self.pid, number)

    def wait(self, seconds: float = SECONDS) -> int | None:
        """Its exit code, negative for a signal; None: it runs still. One that takes more
        than SECONDS hangs: it is ended, and has written down where it was."""
        self._process.join(seconds)
        if self._process.exitcode is None and seconds >= SECONDS:
            self.signal(signal.SIGABRT)
            self._process.join()
        return self._process.exitcode

    def wait_until_it_says(self, words: str) -> None:
        deadline = time.monotonic() + SECONDS
        while words not in self.said():
            assert self.wait(0.02) is None, f"it ended: {self.said()}"
            assert time.monotonic() < deadline, f"it never said {words!r}: {self.said()}"

    def said(self) -> str:
        """All that it has printed and logged until now."""
        return self._log.read_text()

    def close(self) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()


def work(
    environ: dict[str, str], log: Path, orders: Trap | Shift | None, command: Sequence[str]
) -> None:
    """Be ``newsletter`` with that command."""
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    faulthandler.enable()
    os.environ.clear()
    os.environ.update(environ)
    if orders is not None:
        orders.lay()
    sys.argv = ["newsletter", *command]
    main()


def _around(
    owner: type,
    name: str,
    nth: int,
    before: Callable[[], None] | None = None,
    after: Callable[[], None] | None = None,
) -> None:
    """Do something before or after the ``nth`` call of a method."""
    method = getattr(owner, name)
    calls = itertools.count(1)

    def trapped(*arguments: Any, **options: Any) -> Any:
        is_it = next(calls) == nth
        if is_it and before is not None:
            before()
        result = method(*arguments, **options)
        if is_it and after is not None:
            after()
        return result

    setattr(owner, name, trapped)


def _around_awaited(
    owner: type,
    name: str,
    nth: int,
    before: Callable[[], None] | None = None,
    after: Callable[[], None] | None = None,
    only: Callable[[Any], bool] = lambda _its: True,
) -> None:
    """The same for a method that is awaited, ``only`` of some of its owners."""
    method = getattr(owner, name)
    calls = itertools.count(1)

    async def trapped(*arguments: Any) -> Any:
        is_it = only(arguments[0]) and next(calls) == nth
        if is_it and before is not None:
            before()
        result = await method(*arguments)
        if is_it and after is not None:
            after()
        return result

    setattr(owner, name, trapped)


def _is_settling(prepared: PreparedStatement) -> bool:
    return prepared.statement == SETTLE


def _cut_a_body(nth: int) -> None:
    """Die in the middle of the ``nth`` body: one half of it has left, the other never will."""
    write = Wire.write
    bodies = itertools.count(1)

    def trapped(wire: Wire, *data: bytes) -> None:
        whole = b"".join(data)
        if len(whole) >= BODY_AT_LEAST and next(bodies) == nth:
            write(wire, whole[: len(whole) // 2])
            _die()
        write(wire, whole)

    setattr(Wire, "write", trapped)  # noqa: B010 - a method, which mypy lets nobody assign


def _die_after_a_statement() -> None:
    """Die once this thread has sent the next change to the database: before its commit, or
    where a statement is a transaction of its own, before the worker hears of it."""
    here = threading.get_ident()

    def executed(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if threading.get_ident() == here and statement.lstrip().startswith("UPDATE delivery"):
            _die()

    event.listen(Engine, "after_cursor_execute", executed)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
