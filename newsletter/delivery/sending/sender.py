"""The sender: one process, one event loop, many connections, every promise kept.

claim (committed) -> hand over -> settle (committed) -> end the next message.
One transaction settles whatever has been reported by then (group commit), and
the messages are made one at a time, when their turn comes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from newsletter import clock
from newsletter.delivery.queue.leases import LEASE
from newsletter.delivery.queue.retry_policy import asked_wait
from newsletter.delivery.sending.claims import PUT_BACK, Report
from newsletter.delivery.sending.db_executor import Bookkeeper
from newsletter.delivery.sending.group_commit import Settlements
from newsletter.delivery.sending.prefetch import Stock
from newsletter.delivery.sending.rate_limiter import THROTTLED_FOR, Pace
from newsletter.delivery.sending.worker_store import Books
from newsletter.errors import Refused
from newsletter.rates import DomainRates
from newsletter.transports.base import Envelope, Outcome, Transport, Unavailable, Verdict

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0  # between two looks at the ledger
STOP_SECONDS = 10.0  # to finish what is in flight
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds between two tries to connect
TRIES_WHEN_ONCE = 3
NO_DOMAIN_RATES = DomainRates()


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
        domain_rates: DomainRates = NO_DOMAIN_RATES,
    ) -> None:
        self._books = books
        self._transport = transport
        self._allowed = connections
        self._connections = connections
        self._pace = Pace(per_second)
        self._now = now
        self._keeper = Bookkeeper(books)
        self._settlements = Settlements(self._keeper, self._recorded)
        self._stock = Stock(self._keeper, connections, self._settlements.carried, now, domain_rates)
        self._stopping = asyncio.Event()
        self._backoff_until = 0.0
        self._progress = 0  # messages of which something became, since the last connection ended
        self._setbacks = 0  # messages put back since then
        self._failures_in_row = 0  # connections in a row of which nothing became
        self.settled = 0

    async def run(self, until_idle: bool = False) -> int:
        """Send until stopped, or until nothing is due; returns how many were settled.

        Raises Unavailable with ``until_idle`` if the other side cannot be reached.
        """
        housekeeping = [
            asyncio.create_task(self._settlements.forever()),
            asyncio.create_task(self._renew_forever()),
        ]
        try:
            await self._keeper.do(partial(self._books.release_crashed, all_leases=True))
            await self._work(until_idle)
        finally:
            await self._stock.give_back()
            for task in housekeeping:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            self._keeper.close()
        return self.settled

    def stop(self) -> None:
        """Begin nothing more; ``run`` returns once what is in flight has ended."""
        self._stopping.set()

    async def take(self, wait: bool = True) -> Envelope | None:
        while not self._stopping.is_set() and not self._is_backing_off:
            if not wait and not (self._stock.is_free and self._pace.is_free):
                return None
            await self._stock.refill()
            if not self._stock:
                return None
            if not self._stock.is_free:
                await self._stock.wait()
                continue
            await self._pace.turn()
            if self._stopping.is_set():
                return None
            if (envelope := await self._next()) is not None:
                return envelope
        return None

    def settle(self, envelope: Envelope, outcome: Outcome) -> Awaitable[object]:
        held = self._settlements.carried[envelope.key]
        return self._settlements.report(Report(held, outcome, self._now()))

    async def _work(self, until_idle: bool) -> None:
        """Keep connections open while there is something to send."""
        open_connections: dict[asyncio.Task[None], float] = {}  # and when each began
        stopped = asyncio.create_task(self._stopped())
        try:
            while not self._stopping.is_set():
                await self._wait_out_backoff()
                await self._stock.refill()
                for _ in range(min(self._allowed, len(self._stock)) - len(open_connections)):
                    connection = asyncio.create_task(self._transport.serve_connection(self))
                    open_connections[connection] = asyncio.get_running_loop().time()
                if not open_connections:
                    if await self._rest(until_idle):
                        return
                    continue
                ended, _ = await asyncio.wait(
                    {*open_connections, stopped}, return_when=asyncio.FIRST_COMPLETED
                )
                for task in ended - {stopped}:
                    began = open_connections.pop(task)
                    await self._connection_ended(task, began, until_idle)
        finally:
            stopped.cancel()
            await self._finish({*open_connections})

    async def _connection_ended(
        self, task: "asyncio.Task[None]", began: float, until_idle: bool
    ) -> None:
        """Learn from how a connection ended. Raises Unavailable if it is not worth waiting."""
        error = task.exception()
        if error is None and self._progress:
            self._progress = self._setbacks = self._failures_in_row = 0
            if began >= self._backoff_until:  # an older one says nothing of what is right now
                self._allowed = min(self._connections, self._allowed + 1)
            return
        if error is not None and not isinstance(error, Unavailable):
            raise error
        if error is None:
            setbacks, self._setbacks = self._setbacks, 0
            if setbacks:  # else there was nothing for it, which says nothing
                await self._record_connection_failure(
                    "the connection ended before a message was taken"
                )
            return
        log.warning("%s", error, extra={"event": "transport_unavailable"})
        match error.outcome.verdict:
            case Verdict.BLOCKED:
                await self._keeper.do(self._books.pause, str(error), self._now())
                self._back_off_longer()
            case Verdict.THROTTLED:
                self._failures_in_row += 1
                self._slow_down(error.outcome)
            case _:
                await self._record_connection_failure(str(error))
        if until_idle and self._failures_in_row >= TRIES_WHEN_ONCE:
            raise error

    async def _record_connection_failure(self, why: str) -> None:
        """Nothing became of a connection: wait, and note it once however many fail together."""
        if not self._is_backing_off:
            await self._keeper.do(self._books.record_connection_failure, why, self._now())
            self._back_off_longer()

    def _back_off_longer(self) -> None:
        """Wait, longer each time in a row."""
        self._failures_in_row += 1
        self._back_off(min(FIRST_WAIT * 2 ** (self._failures_in_row - 1), LONGEST_WAIT))

    async def _finish(self, connections: "set[asyncio.Task[None]]") -> None:
        """Let what is in flight end; what has not after STOP_SECONDS is cut off."""
        if connections:
            _, hanging = await asyncio.wait(connections, timeout=STOP_SECONDS)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*connections, return_exceptions=True)

    def _slow_down(self, outcome: Outcome) -> None:
        """The other side says we are too fast: wait, then begin again with one connection."""
        self._allowed = 1
        self._back_off(asked_wait(outcome, THROTTLED_FOR).total_seconds())

    def _back_off(self, seconds: float) -> None:
        self._backoff_until = max(self._backoff_until, asyncio.get_running_loop().time() + seconds)

    @property
    def _is_backing_off(self) -> bool:
        return self._backoff_until > asyncio.get_running_loop().time()

    async def _wait_out_backoff(self) -> None:
        """Wait until it is time to go on; what was claimed is given back first."""
        seconds = self._backoff_until - asyncio.get_running_loop().time()
        if seconds > 0:
            await self._stock.give_back()
            await self._sleep(seconds)

    async def _rest(self, until_idle: bool) -> bool:
        """Nothing is due: close what is finished, wait a little. True: it is time to end."""
        await self._keeper.do(self._books.close_finished, self._now())
        await self._keeper.do(self._books.release_crashed)
        elsewhere = until_idle and await self._keeper.do(
            self._books.is_leased_elsewhere, self._now()
        )
        if until_idle and not elsewhere:
            await self._stock.refill()
            if self._stock or not await self._stock.expects_more():
                return not self._stock
        await self._sleep(IDLE_SECONDS)
        return False

    async def _next(self) -> Envelope | None:
        """The next message; None if there is none, or none could be made of it."""
        held = await self._stock.next()
        if held is None:
            return None
        self._settlements.carried[held.key] = held
        try:
            return self._books.envelope(held)
        except Refused as error:
            await self._keeper.do(self._books.fail, held.key, str(error), self._now())
            del self._settlements.carried[held.key]
            return None

    def _recorded(self, report: Report) -> None:
        """Learn from what became of a message."""
        if report.outcome.verdict is Verdict.THROTTLED:
            self._slow_down(report.outcome)
        elif report.outcome.verdict is Verdict.REQUEUED:
            self._back_off(asked_wait(report.outcome, timedelta(0)).total_seconds())
        if report.outcome.verdict is not Verdict.SENT:
            self._stock.invalidate()  # it may have stopped the issue
        if report.outcome.verdict in PUT_BACK:
            self._setbacks += 1
        else:
            self._progress += 1
            self.settled += 1

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 4)
            keys = [*self._settlements.carried, *self._stock.keys]
            await self._keeper.do(self._books.renew, keys, self._now())

    async def _stopped(self) -> None:
        await self._stopping.wait()

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
