"""The sender: one process, one event loop, many connections, every promise kept.

claim (committed) -> hand over -> settle (committed) -> end the next message.
One transaction settles what was reported by then; a message is made when its turn comes.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import DBAPIError

from newsletter import clock
from newsletter.delivery.queue.reply_text import storable
from newsletter.delivery.queue.retry_policy import asked_wait
from newsletter.delivery.sending.back_off import BackOff
from newsletter.delivery.sending.claims import PUT_BACK, Report
from newsletter.delivery.sending.db_executor import DbExecutor
from newsletter.delivery.sending.group_commit import GroupCommit
from newsletter.delivery.sending.held_claims import RENEWAL_SECONDS, HeldClaims
from newsletter.delivery.sending.prefetch import Prefetch
from newsletter.delivery.sending.rate_limiter import THROTTLED_FOR, RateLimiter
from newsletter.delivery.sending.wake import Watch
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.errors import Refused
from newsletter.outages import summary
from newsletter.rates import DomainRates
from newsletter.transports.base import Envelope, Outcome, Transport, Unavailable, Verdict

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0  # between two looks at the ledger, while others finish their part
STOP_SECONDS = 10.0  # to finish what is in flight
TRIES_WHEN_ONCE = 3
NO_DOMAIN_RATES = DomainRates()


class Sender:
    """Sends what the ledger says is due.

    ``connections`` limits how many are open at once, ``per_second`` how many
    messages are begun. ``now`` is asked at each claim and settlement.
    """

    def __init__(
        self,
        store: WorkerStore,
        transport: Transport,
        connections: int,
        per_second: float | None = None,
        now: Callable[[], datetime] = clock.now,
        domain_rates: DomainRates = NO_DOMAIN_RATES,
        steady: Callable[[], float] = clock.steady,
    ) -> None:
        self._store = store
        self._transport = transport
        self._rate_limiter = RateLimiter(per_second)
        self._now = now
        self._executor = DbExecutor(store)
        self._group_commit = GroupCommit(self._executor, self._learn)
        self._in_flight = self._group_commit.in_flight
        self._held = HeldClaims(self._executor, now, steady)
        self._prefetch = Prefetch(self._executor, connections, self._held, now, domain_rates)
        self._stopping = asyncio.Event()
        self._back_off = BackOff(connections)
        self._progress = 0  # messages of which something became, since the last connection ended
        self._setbacks = 0  # messages put back since then
        self._watch = Watch(store.wake())
        self.settled = 0

    async def run(self, until_idle: bool = False) -> int:
        """Send until stopped, or until nothing is due; returns how many were settled.

        Raises Unavailable with ``until_idle`` if the other side cannot be reached.
        """
        try:
            async with self._housekeeping():
                await self._executor.run(partial(self._store.release_crashed, all_leases=True))
                await self._work(until_idle)
        except DBAPIError as error:
            if not self._executor.has_given_up:
                raise
            event = {"event": "stopped_without_database"}
            log.warning("stopped without the database: %s", summary(error), extra=event)
        finally:
            self._watch.close()
            self._executor.close()
        return self.settled

    def stop(self) -> None:
        """Begin nothing more; ``run`` returns once what is in flight has ended."""
        if not self._stopping.is_set():
            self._stopping.set()
            asyncio.get_running_loop().call_later(STOP_SECONDS, self._executor.give_up)

    async def take(self, wait: bool = True) -> Envelope | None:
        while not self._stopping.is_set() and not self._backing_off_for:
            if not wait and not (self._prefetch.is_free and self._rate_limiter.is_free):
                return None
            await self._prefetch.refill()
            if not self._prefetch:
                return None
            if not self._prefetch.is_free:
                await self._prefetch.wait()
                continue
            await self._rate_limiter.turn()
            if self._stopping.is_set():
                return None
            if (envelope := await self._next()) is not None:
                return envelope
        return None

    async def may_end(self, envelope: Envelope) -> bool:
        return await self._held.may_end(envelope.key)

    def settle(self, envelope: Envelope, outcome: Outcome) -> Awaitable[object]:
        claim = self._in_flight[envelope.key]
        return self._group_commit.report(Report.of(claim, outcome, self._now()))

    @asynccontextmanager
    async def _housekeeping(self) -> AsyncIterator[None]:
        """Record and renew meanwhile; in the end nothing that was claimed is kept back. If
        either fails for good, the sender stops, and that is raised."""
        tasks = [
            asyncio.create_task(self._group_commit.forever()),
            asyncio.create_task(self._renew_forever()),
        ]
        for task in tasks:
            task.add_done_callback(lambda _: self.stop())
        try:
            yield
        finally:
            try:
                await self._prefetch.give_back()
            finally:
                for task in tasks:
                    task.cancel()
                endings = await asyncio.gather(*tasks, return_exceptions=True)
        for ending in endings:
            if isinstance(ending, Exception):
                raise ending

    async def _work(self, until_idle: bool) -> None:
        """Keep connections open while there is something to send."""
        open_connections: dict[asyncio.Task[None], float] = {}  # and when each began
        stopped: asyncio.Task[Any] = asyncio.create_task(self._stopping.wait())
        try:
            while not self._stopping.is_set():
                await self._wait_out_backoff()
                await self._prefetch.refill()
                self._watch.note_first_tries(self._prefetch.first_tries)
                wanted = min(self._back_off.connections, len(self._prefetch))
                for _ in range(wanted - len(open_connections)):
                    connection = asyncio.create_task(self._transport.serve_connection(self))
                    open_connections[connection] = self._time()
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
            self._progress = self._setbacks = 0
            self._back_off.succeed(began)
            return
        if error is None:
            setbacks, self._setbacks = self._setbacks, 0
            if setbacks:  # else there was nothing for it, which says nothing
                await self._record_connection_failure(
                    "the connection ended before a message was taken"
                )
            return
        if not isinstance(error, Unavailable):
            raise error
        await self._learn_of_unavailable(error)
        if until_idle and self._back_off.failures_in_row >= TRIES_WHEN_ONCE:
            raise error

    async def _learn_of_unavailable(self, error: Unavailable) -> None:
        why = storable(str(error))
        log.warning("%s", why, extra={"event": "transport_unavailable"})
        match error.outcome.verdict:
            case Verdict.BLOCKED:
                await self._executor.run(self._store.pause, why, self._now())
                self._back_off.fail(self._time())
            case Verdict.THROTTLED:
                self._back_off.failures_in_row += 1
                self._slow_down(error.outcome)
            case _:
                await self._record_connection_failure(why)

    async def _record_connection_failure(self, why: str) -> None:
        """Nothing became of a connection: wait, and note it once however many fail together."""
        if not self._backing_off_for:
            await self._executor.run(self._store.record_connection_failure, why, self._now())
            self._back_off.fail(self._time())

    async def _finish(self, connections: "set[asyncio.Task[None]]") -> None:
        """Let what is in flight end; what has not after STOP_SECONDS is cut off."""
        if connections:
            _, hanging = await asyncio.wait(connections, timeout=STOP_SECONDS)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*connections, return_exceptions=True)

    def _slow_down(self, outcome: Outcome) -> None:
        seconds = asked_wait(outcome, THROTTLED_FOR).total_seconds()
        self._back_off.slow_down(seconds, self._time())

    @property
    def _backing_off_for(self) -> float:
        """How many seconds still; 0: not at all."""
        return self._back_off.remaining(self._time())

    async def _wait_out_backoff(self) -> None:
        """Wait until it is time to go on; what was claimed is given back first."""
        seconds = self._backing_off_for
        if seconds:
            await self._prefetch.give_back()
            await self._sleep(seconds)

    async def _rest(self, until_idle: bool) -> bool:
        """Nothing is due: close what is finished, wait a little. True: it is time to end."""
        await self._executor.run(self._store.close_finished, self._now())
        await self._executor.run(self._store.release_crashed)
        is_leased = until_idle and await self._executor.run(self._store.is_any_leased, self._now())
        if until_idle and not is_leased:
            await self._prefetch.refill()
            if self._prefetch or not await self._prefetch.expects_more():
                return not self._prefetch
        if until_idle:
            await self._sleep(IDLE_SECONDS)
        else:
            has_work = partial(self._executor.run, self._store.has_work)
            while not await self._watch.wait(self._stopping) and not await has_work(self._now()):
                pass
        return False

    async def _next(self) -> Envelope | None:
        """The next message; None if there is none, or none could be made of it."""
        claim = await self._prefetch.next()
        if claim is None:
            return None
        self._in_flight[claim.key] = claim
        try:
            return self._store.envelope(claim)
        except Refused as error:
            await self._executor.run(self._store.fail, claim.key, str(error), self._now())
            del self._in_flight[claim.key]
            self._held.drop([claim.key])
            return None

    def _learn(self, report: Report) -> None:
        """Learn from what became of a message."""
        self._held.drop([report.claim.key])
        if report.outcome.verdict is Verdict.THROTTLED:
            self._slow_down(report.outcome)
        elif report.outcome.verdict is Verdict.REQUEUED:
            seconds = asked_wait(report.outcome, timedelta(0)).total_seconds()
            self._back_off.wait(seconds, self._time())
        if report.outcome.verdict is not Verdict.SENT:
            self._held.invalidate()  # it may have stopped the issue
        if report.outcome.verdict in PUT_BACK:
            self._setbacks += 1
        else:
            self._progress += 1
            self.settled += 1

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(RENEWAL_SECONDS)
            await self._held.renew()
            await self._executor.run(self._store.look_back, self._now())

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()
