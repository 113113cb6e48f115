"""The messages that were claimed and not yet begun."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from newsletter.delivery.sending.claims import Held, Key
from newsletter.delivery.sending.db_executor import Bookkeeper
from newsletter.delivery.sending.domain_throttle import Lanes
from newsletter.rates import DomainRates

# Messages claimed ahead for each connection: while a claim is made nothing else is, and the
# servers should have as much to do meanwhile.
AHEAD = 4
ROUNDS = 16  # claims in a row, where what was claimed has to be put off
REFILL_SECONDS = 0.1  # between two claims, while what waits for its domain is all there is
FRESH_SECONDS = 0.25  # how long a claim is trusted before leaving is looked at again


class Stock:
    """Filled by claims, emptied from the front, given back when there is no use for it."""

    def __init__(
        self,
        keeper: Bookkeeper,
        connections: int,
        carried: Collection[Key],
        now: Callable[[], datetime],
        rates: DomainRates,
    ) -> None:
        """``carried``: what has been begun and is not settled yet, as it changes."""
        self._keeper = keeper
        self._carried = carried
        self._books = keeper.books
        self._connections = connections
        self._now = now
        self._ready: deque[Held] = deque()
        self._lanes = Lanes[Held](rates)  # beside them, those that wait for their domain
        self._claimed_at = -REFILL_SECONDS  # when there was nothing more to claim
        self._looked_at = 0.0  # when it was last known that each of them is still wanted
        self._refilling = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._ready) + len(self._lanes)

    @property
    def keys(self) -> list[Key]:
        return [held.key for held in (*self._ready, *self._lanes)]

    @property
    def is_free(self) -> bool:
        """Whether one of them may be begun at this moment."""
        at = self._lanes.next_at()
        return bool(self._ready) or (at is not None and at <= asyncio.get_running_loop().time())

    async def refill(self) -> None:
        """Claim more if it runs low, unless somebody is at it."""
        if self._is_filled() or (self._refilling.locked() and len(self)):
            return
        async with self._refilling:
            for _ in range(ROUNDS):
                if self._is_filled() or not await self._claim():
                    return

    async def expects_more(self) -> bool:
        """Whether something that was put off for its domain's sake is still to come."""
        ahead = self._lanes.put_off_until - asyncio.get_running_loop().time()
        now = self._now()
        until = now + timedelta(seconds=ahead)
        return ahead > 0 and await self._keeper.do(self._books.is_owed, now, until)

    async def wait(self) -> None:
        """Wait until one of them may be begun, or there may be others that may."""
        at = self._lanes.next_at()
        if at is not None:
            ahead = at - asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, min(ahead, REFILL_SECONDS)))

    def invalidate(self) -> None:
        """Look again at who is still wanted before the next is taken."""
        self._looked_at = -FRESH_SECONDS

    async def next(self) -> Held | None:
        """The first of them that is still wanted."""
        await self._look_again()
        held = self._lanes.pop(asyncio.get_running_loop().time())
        if held is None and self._ready:
            held = self._ready.popleft()
        return held

    async def give_back(self) -> None:
        """All of them, as if they had never been claimed."""
        keys = self.keys
        self._ready.clear()
        self._lanes.clear()
        if keys:
            await self._keeper.do(self._books.release, keys, self._now())

    def _is_filled(self) -> bool:
        if len(self._ready) >= self._connections:
            return True
        just_now = asyncio.get_running_loop().time() - self._claimed_at < REFILL_SECONDS
        return just_now and len(self._lanes) > 0

    async def _claim(self) -> bool:
        """Claim once. Whether there may be more: some had to be put off, for their domains."""
        now = asyncio.get_running_loop().time()
        if not len(self):
            self._looked_at = now
        room = self._connections * AHEAD - len(self._ready)
        # Where the clock was set forward our own leases have run out, too.
        ours = {*self.keys, *self._carried}
        claimed_at = self._now()
        claimed = await self._keeper.claim(room, claimed_at)
        later: dict[Key, datetime] = {}
        for held in claimed:
            if held.key in ours:
                continue
            wait = self._queue(held, now)
            if wait:
                later[held.key] = claimed_at + timedelta(seconds=wait)
        if later:
            await self._keeper.do(self._books.put_off, later, claimed_at)
        elif len(claimed) < room:
            self._claimed_at = now
        return bool(later)

    def _queue(self, held: Held, now: float) -> float:
        """Put one where it belongs, or say for how many seconds there is no place for it."""
        domain = held.claimed.address.rpartition("@")[2].lower() if held.claimed else ""
        if held.claimed is None or not self._lanes.has(domain):  # a notice never waits
            self._ready.append(held)
            return 0.0
        at = self._lanes.put(held, domain, now, held.claimed.is_retry)
        return 0.0 if at is None else at - now

    async def _look_again(self) -> None:
        """Give back those whose reader left since they were claimed, unless that was just now."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at < FRESH_SECONDS:
            return
        self._looked_at = now
        ready = [*self._ready, *self._lanes]
        wanted = await self._keeper.do(self._books.still_wanted, ready)
        gone = [held for held in ready if held.key not in wanted and held in self._ready]
        for held in gone:
            self._ready.remove(held)
        looked_at = {held.key for held in ready}
        gone += self._lanes.drop(lambda held: held.key in looked_at - wanted)
        if gone:
            await self._keeper.do(self._books.release, [held.key for held in gone], self._now())
