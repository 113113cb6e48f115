"""Group commit: whatever has been reported by then is settled in one transaction."""

import asyncio
from collections.abc import Callable

from newsletter.delivery.queue.ledger import Key
from newsletter.delivery.sending.claims import Claim, Report
from newsletter.delivery.sending.db_executor import DbExecutor

Waiting = tuple[Report, asyncio.Future[None]]
GATHER_SECONDS = 0.003  # at most, for others to report too


class GroupCommit:
    """The reports that wait to be recorded; ``in_flight`` has what was begun until then."""

    def __init__(self, executor: DbExecutor, on_settled: Callable[[Report], None]) -> None:
        """``on_settled`` is called with each report once it is committed, as it was recorded."""
        self.in_flight: dict[Key, Claim] = {}
        self._executor = executor
        self._on_settled = on_settled
        self._waiting: list[Waiting] = []
        self._error: Exception | None = None  # that made recording impossible for good
        self._any = asyncio.Event()
        self._enough = asyncio.Event()

    def report(self, report: Report) -> asyncio.Future[None]:
        """Done once the report is committed; raises what made that impossible for good."""
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._error is not None:
            committed.set_exception(self._error)
            return committed
        self._waiting.append((report, committed))
        self._any.set()
        if len(self._waiting) * 2 >= len(self.in_flight):
            self._enough.set()
        return committed

    async def forever(self) -> None:
        """Record group after group, until cancelled."""
        while True:
            await self._any.wait()
            await self._gather()
            self._any.clear()
            self._enough.clear()
            group, self._waiting = self._waiting, []
            try:
                settled = await self._executor.settle([report for report, _ in group])
            except Exception as error:  # no connection may wait for ever
                self._give_up([*group, *self._waiting], error)
                raise
            for report, (_, committed) in zip(settled, group, strict=True):
                self.in_flight.pop(report.claim.key, None)
                if not committed.done():
                    committed.set_result(None)
                self._on_settled(report)

    def _give_up(self, waiting: list[Waiting], error: Exception) -> None:
        self._error = error
        for _, committed in waiting:
            if not committed.done():
                committed.set_exception(error)

    async def _gather(self) -> None:
        """Until half of what is in flight has reported, or for a moment."""
        if not self._enough.is_set():
            timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._enough.set)
            await self._enough.wait()
            timer.cancel()
