"""The messages that were claimed and not yet begun."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from datetime import datetime

from newsletter.delivery.bookkeeper import Bookkeeper
from newsletter.delivery.books import Held, Key

AHEAD = 8  # messages claimed ahead for each connection
FRESH_SECONDS = 0.25  # how long a claim is trusted before leaving is looked at again


class Stock:
    """Filled by claims, emptied from the front, given back when there is no use for it."""

    def __init__(
        self,
        keeper: Bookkeeper,
        connections: int,
        carried: Collection[Key],
        now: Callable[[], datetime],
    ) -> None:
        """``carried``: what has been begun and is not settled yet, as it changes."""
        self._keeper = keeper
        self._carried = carried
        self._books = keeper.books
        self._connections = connections
        self._now = now
        self._ready: deque[Held] = deque()
        self._looked_at = 0.0  # when it was last known that each of them is still wanted
        self._refilling = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def keys(self) -> list[Key]:
        return [held.key for held in self._ready]

    async def refill(self) -> None:
        """Claim more if it runs low, unless somebody is at it."""
        if len(self) >= self._connections or (self._refilling.locked() and self._ready):
            return
        async with self._refilling:
            if len(self) >= self._connections:
                return
            if not self._ready:
                self._looked_at = asyncio.get_running_loop().time()
            room = self._connections * AHEAD - len(self)
            # Where the clock was set forward our own leases have run out, too.
            ours = {*self.keys, *self._carried}
            claimed = await self._keeper.do(self._books.claim, room, self._now())
            self._ready.extend(held for held in claimed if held.key not in ours)

    def doubt(self) -> None:
        """Look again at who is still wanted before the next is taken."""
        self._looked_at = -FRESH_SECONDS

    async def next(self) -> Held | None:
        """The first of them that is still wanted."""
        await self._look_again()
        return self._ready.popleft() if self._ready else None

    async def give_back(self) -> None:
        """All of them, as if they had never been claimed."""
        keys = self.keys
        self._ready.clear()
        if keys:
            await self._keeper.do(self._books.release, keys, self._now())

    async def _look_again(self) -> None:
        """Give back those whose reader left since they were claimed, unless that was just now."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at < FRESH_SECONDS:
            return
        self._looked_at = now
        ready = list(self._ready)
        wanted = await self._keeper.do(self._books.still_wanted, ready)
        gone = [held for held in ready if held.key not in wanted and held in self._ready]
        for held in gone:
            self._ready.remove(held)
        if gone:
            await self._keeper.do(self._books.release, [held.key for held in gone], self._now())
