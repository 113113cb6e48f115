"""Group commit: whatever has been reported by then is settled in one transaction."""

import asyncio
from collections.abc import Callable

from newsletter.delivery.bookkeeper import Bookkeeper
from newsletter.delivery.books import Held, Key, Report

GATHER_SECONDS = 0.002  # at most, for others to report too


class Settlements:
    """The reports that wait to be recorded, and what is being carried until then."""

    def __init__(self, keeper: Bookkeeper, recorded: Callable[[Report], None]) -> None:
        """``recorded`` is told of each report once it is committed."""
        self.carried: dict[Key, Held] = {}
        self._keeper = keeper
        self._recorded = recorded
        self._waiting: list[tuple[Report, asyncio.Future[None]]] = []
        self._any = asyncio.Event()
        self._enough = asyncio.Event()

    def report(self, report: Report) -> asyncio.Future[None]:
        """Done once the report is committed."""
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
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
            await self._keeper.record([report for report, _ in group])
            for report, committed in group:
                self.carried.pop(report.held.key, None)
                if not committed.done():
                    committed.set_result(None)
                self._recorded(report)

    async def _gather(self) -> None:
        """Until half of what is being carried has reported, or for a moment."""
        if not self._enough.is_set():
            timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._enough.set)
            await self._enough.wait()
            timer.cancel()
