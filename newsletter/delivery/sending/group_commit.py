"""Group commit: whatever has been reported by then is settled in one transaction."""

import asyncio
from collections.abc import Callable

from newsletter.delivery.sending.claims import Held, Key, Report
from newsletter.delivery.sending.db_executor import Bookkeeper

Waiting = tuple[Report, asyncio.Future[None]]
GATHER_SECONDS = 0.003  # at most, for others to report too


class Settlements:
    """The reports that wait to be recorded, and what is being carried until then."""

    def __init__(self, keeper: Bookkeeper, recorded: Callable[[Report], None]) -> None:
        """``recorded`` is told of each report once it is committed."""
        self.carried: dict[Key, Held] = {}
        self._keeper = keeper
        self._recorded = recorded
        self._waiting: list[Waiting] = []
        self._broken: Exception | None = None
        self._any = asyncio.Event()
        self._enough = asyncio.Event()

    def report(self, report: Report) -> asyncio.Future[None]:
        """Done once the report is committed; raises what made that impossible for good."""
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._broken is not None:
            committed.set_exception(self._broken)
            return committed
        self._waiting.append((report, committed))
        self._any.set()
        if len(self._waiting) * 2 >= len(self.carried):
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
                await self._keeper.record([report for report, _ in group])
            except Exception as error:  # no connection may wait for ever
                self._give_up([*group, *self._waiting], error)
                raise
            for report, committed in group:
                self.carried.pop(report.held.key, None)
                if not committed.done():
                    committed.set_result(None)
                self._recorded(report)

    def _give_up(self, waiting: list[Waiting], error: Exception) -> None:
        self._broken = error
        for _, committed in waiting:
            if not committed.done():
                committed.set_exception(error)

    async def _gather(self) -> None:
        """Until half of what is being carried has reported, or for a moment."""
        if not self._enough.is_set():
            timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._enough.set)
            await self._enough.wait()
            timer.cancel()
