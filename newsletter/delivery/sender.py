"""The sender: one process, one event loop, many connections, every promise kept.

claim (committed) -> hand over -> settle (committed) -> end the next message.
One transaction settles whatever has been reported by then (group commit), and
the messages are made one at a time, when their turn comes.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from newsletter import clock
from newsletter.delivery.books import PUT_BACK, Books, Held, Key, Report
from newsletter.delivery.leases import LEASE
from newsletter.delivery.pace import THROTTLED_FOR, Pace
from newsletter.errors import Refused
from newsletter.transports.base import Envelope, Outcome, Transport, Unavailable, Verdict

log = logging.getLogger(__name__)

T = TypeVar("T")
AHEAD = 8  # messages claimed ahead for each connection
FRESH_SECONDS = 0.25  # how long a claim is trusted before leaving is looked at again
GATHER_SECONDS = 0.002  # at most, for one transaction to settle
IDLE_SECONDS = 1.0  # between two looks at the ledger
STOP_SECONDS = 10.0  # to finish what is in flight
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds between two tries to connect
FIRST_RETRY, LONGEST_RETRY = 0.05, 2.0  # seconds between two tries to write to the database
TRIES_WHEN_ONCE = 3


class Sender:
    """Sends what the ledger says is due.

    ``connections`` limits how many are open at once, ``per_second`` how many
    messages are begun. ``now`` is asked at each claim and settlement.
    """

    def __init__(
        self,
        books: Books,
        transport: Transport,
        connections: int,
        per_second: float | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._books = books
        self._transport = transport
        self._allowed = connections
        self._connections = connections
        self._pace = Pace(per_second)
        self._now = now
        self._ready: deque[Held] = deque()
        self._looked_at = 0.0  # when it was last known that each of them is still wanted
        self._carried: dict[Key, Held] = {}
        self._reports: list[tuple[Report, asyncio.Future[None]]] = []
        self._reported = asyncio.Event()
        self._gathered = asyncio.Event()
        self._stopping = asyncio.Event()
        self._refilling = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._quiet_until = 0.0
        self._progress = 0  # messages of which something became, since the last connection ended
        self._setbacks = 0  # messages put back since then
        self._stumbles = 0  # connections in a row of which nothing became
        self.settled = 0

    async def run(self, until_idle: bool = False) -> int:
        """Send until stopped, or until nothing is due; returns how many were settled.

        Raises Unavailable with ``until_idle`` if the other side cannot be reached.
        """
        housekeeping = [
            asyncio.create_task(self._settle_forever()),
            asyncio.create_task(self._renew_forever()),
        ]
        try:
            await self._book(self._books.free_the_dead)
            await self._work(until_idle)
        finally:
            await self._give_back()
            for task in housekeeping:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            self._thread.shutdown()
        return self.settled

    def stop(self) -> None:
        """Begin nothing more; ``run`` returns once what is in flight has ended."""
        self._stopping.set()

    async def take(self, wait: bool = True) -> Envelope | None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set() and loop.time() >= self._quiet_until:
            if not wait and not (self._ready and self._pace.is_free):
                return None
            if len(self._ready) < self._connections:
                await self._refill()
            if not self._ready:
                return None
            await self._pace.turn()
            if self._ready and (envelope := await self._next()) is not None:
                return envelope
        return None

    def settle(self, envelope: Envelope, outcome: Outcome) -> Awaitable[object]:
        recorded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        held = self._carried[envelope.key]
        self._reports.append((Report(held, outcome, self._now()), recorded))
        self._reported.set()
        if len(self._reports) * 2 >= len(self._carried):
            self._gathered.set()
        return recorded

    async def _work(self, until_idle: bool) -> None:
        """Keep connections open while there is something to send."""
        open_connections: set[asyncio.Task[None]] = set()
        stopped = asyncio.create_task(self._stopped())
        try:
            while not self._stopping.is_set():
                await self._quiet()
                await self._refill()
                for _ in range(min(self._allowed, len(self._ready)) - len(open_connections)):
                    open_connections.add(asyncio.create_task(self._transport.carry(self)))
                if not open_connections:
                    if await self._rest(until_idle):
                        return
                    continue
                ended, _ = await asyncio.wait(
                    {*open_connections, stopped}, return_when=asyncio.FIRST_COMPLETED
                )
                for task in ended - {stopped}:
                    open_connections.discard(task)
                    await self._connection_ended(task, until_idle)
        finally:
            stopped.cancel()
            await self._finish(open_connections)

    async def _connection_ended(self, task: "asyncio.Task[None]", until_idle: bool) -> None:
        """Learn from how a connection ended. Raises Unavailable if it is not worth waiting."""
        error = task.exception()
        if error is None and (self._progress or not self._setbacks):
            self._progress = self._setbacks = self._stumbles = 0
            self._allowed = min(self._connections, self._allowed + 1)
            return
        if error is not None and not isinstance(error, Unavailable):
            raise error
        self._stumbles += 1
        if error is None:
            self._be_quiet(min(FIRST_WAIT * 2 ** (self._stumbles - 1), LONGEST_WAIT))
            return
        log.warning("%s", error, extra={"event": "transport_unavailable"})
        match error.outcome.verdict:
            case Verdict.BLOCKED:
                await self._book(self._books.pause, str(error))
                await self._give_back()
            case Verdict.THROTTLED:
                self._slow_down()
            case _:
                self._be_quiet(min(FIRST_WAIT * 2 ** (self._stumbles - 1), LONGEST_WAIT))
        if until_idle and self._stumbles >= TRIES_WHEN_ONCE:
            raise error

    async def _finish(self, connections: "set[asyncio.Task[None]]") -> None:
        """Let what is in flight end; what has not after STOP_SECONDS is cut off."""
        if connections:
            _, hanging = await asyncio.wait(connections, timeout=STOP_SECONDS)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*connections, return_exceptions=True)

    def _slow_down(self) -> None:
        """The other side says we are too fast: wait, then begin again with one connection."""
        self._allowed = 1
        self._be_quiet(THROTTLED_FOR.total_seconds())

    def _be_quiet(self, seconds: float) -> None:
        self._quiet_until = max(self._quiet_until, asyncio.get_running_loop().time() + seconds)

    async def _quiet(self) -> None:
        """Wait until it is time to go on; what was claimed is given back first."""
        seconds = self._quiet_until - asyncio.get_running_loop().time()
        if seconds > 0:
            await self._give_back()
            await self._sleep(seconds)

    async def _rest(self, until_idle: bool) -> bool:
        """Nothing is due: close what is finished, wait a little. True: it is time to end."""
        await self._book(self._books.close_finished, self._now())
        await self._book(self._books.free_the_dead)
        elsewhere = until_idle and await self._book(self._books.is_leased_elsewhere, self._now())
        if until_idle and not elsewhere:
            await self._refill()
            return not self._ready
        await self._sleep(IDLE_SECONDS)
        return False

    async def _refill(self) -> None:
        """Claim more, unless somebody is at it."""
        if self._refilling.locked() and self._ready:
            return
        async with self._refilling:
            room = self._connections * AHEAD - len(self._ready)
            if room <= 0 or self._stopping.is_set() or len(self._ready) >= self._connections:
                return
            began = asyncio.get_running_loop().time()
            if not self._ready:
                self._looked_at = began
            self._ready.extend(await self._book(self._books.claim, room, self._now()))

    async def _next(self) -> Envelope | None:
        """The next message; None if there is none, or none could be made of it."""
        await self._look_again()
        if not self._ready:
            return None
        held = self._ready.popleft()
        self._carried[held.key] = held
        try:
            return self._books.envelope(held)
        except Refused as error:
            await self._book(self._books.fail, held.key, str(error), self._now())
            del self._carried[held.key]
            return None

    async def _look_again(self) -> None:
        """Give back those whose reader left since they were claimed, unless that was just now."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at < FRESH_SECONDS:
            return
        self._looked_at = now
        ready = list(self._ready)
        wanted = await self._book(self._books.still_wanted, ready)
        gone = [held for held in ready if held.key not in wanted and held in self._ready]
        for held in gone:
            self._ready.remove(held)
        if gone:
            await self._book(self._books.release, [held.key for held in gone], self._now())

    async def _give_back(self) -> None:
        keys = [held.key for held in self._ready]
        self._ready.clear()
        if keys:
            await self._book(self._books.release, keys, self._now())

    async def _settle_forever(self) -> None:
        while True:
            await self._reported.wait()
            await self._gather()
            self._reported.clear()
            self._gathered.clear()
            batch, self._reports = self._reports, []
            await self._book(self._books.record, [report for report, _ in batch])
            for report, recorded in batch:
                self._carried.pop(report.held.key, None)
                if not recorded.done():
                    recorded.set_result(None)
                if report.outcome.verdict is Verdict.THROTTLED:
                    self._slow_down()
                if report.outcome.verdict in PUT_BACK:
                    self._setbacks += 1
                else:
                    self._progress += 1
                    self.settled += 1

    async def _gather(self) -> None:
        """Let others report too, so that one transaction settles many: until half of what
        is being carried has reported, or for a moment."""
        if not self._gathered.is_set():
            timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._gathered.set)
            await self._gathered.wait()
            timer.cancel()

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 4)
            keys = [*self._carried, *(held.key for held in self._ready)]
            await self._book(self._books.renew, keys, self._now())

    async def _book(self, work: Callable[..., T], *arguments: object) -> T:
        """Do a transaction, again until the database takes it.

        On SQLite in this thread, where it takes less time than handing it over;
        a database that somebody else has locked is not waited for but tried
        again. On PostgreSQL in the ledger's thread.
        """
        loop = asyncio.get_running_loop()
        wait = FIRST_RETRY
        while True:
            try:
                if self._books.is_quick:
                    return work(*arguments)
                return await loop.run_in_executor(self._thread, work, *arguments)
            except DBAPIError as error:
                log.warning("the database refused: %s", error.orig, extra={"event": "db_refused"})
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_RETRY)

    async def _stopped(self) -> None:
        await self._stopping.wait()

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
