"""The messages that were claimed and not yet begun."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from newsletter import clock
from newsletter.delivery.queue.ledger import ClaimedDelivery, Key
from newsletter.delivery.sending.claims import Claim, ClaimedNotice
from newsletter.delivery.sending.db_executor import DbExecutor
from newsletter.delivery.sending.domain_throttle import DomainThrottle
from newsletter.delivery.sending.held_claims import HeldClaims
from newsletter.rates import DomainRates

# Messages claimed ahead for each connection: while a claim is made nothing else is, and the
# servers should have as much to do meanwhile.
AHEAD = 4
ROUNDS = 16  # claims in a row, where what was claimed has to be put off
REFILL_SECONDS = 0.1  # between two claims, while what waits for its domain is all there is


class Prefetch:
    """Filled by claims, emptied from the front, given back when there is no use for it."""

    def __init__(
        self,
        executor: DbExecutor,
        connections: int,
        held_claims: HeldClaims,
        now: Callable[[], datetime],
        rates: DomainRates,
    ) -> None:
        self._executor = executor
        self._store = executor.store
        self._held = held_claims
        self._connections = connections
        self._now = now
        self._ready: deque[Claim] = deque()
        self._throttle = DomainThrottle[Claim](
            rates
        )  # beside them, those that wait for their domain
        self._ran_out_at = -REFILL_SECONDS  # when there was nothing more to claim
        self._refilling = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._ready) + len(self._throttle)

    @property
    def first_tries(self) -> int:
        """How many of them were never tried, nor put off."""
        waiting = (*self._ready, *self._throttle)
        return sum(
            not claim.is_retry if isinstance(claim, ClaimedDelivery) else not claim.attempts
            for claim in waiting
        )

    @property
    def is_free(self) -> bool:
        """Whether one of them may be begun at this moment."""
        at = self._throttle.next_at()
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
        ahead = self._throttle.put_off_until - asyncio.get_running_loop().time()
        now = self._now()
        until = now + timedelta(seconds=ahead)
        return ahead > 0 and await self._executor.run(self._store.is_owed, now, until)

    async def wait(self) -> None:
        """Wait until one of them may be begun, or there may be others that may."""
        at = self._throttle.next_at()
        if at is not None:
            ahead = at - asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, min(ahead, REFILL_SECONDS)))

    async def next(self) -> Claim | None:
        """The first of them that is ours still, and wanted."""
        while (claim := self._pop()) is not None:
            if await self._held.may_begin(claim.key):
                return claim
            unwanted = [other for other in self._ready if self._held.is_unwanted(other.key)]
            for other in unwanted:
                self._ready.remove(other)
            unwanted += self._throttle.drop(lambda other: self._held.is_unwanted(other.key))
            await self._give_back([claim.key, *(other.key for other in unwanted)])
        return None

    async def give_back(self) -> None:
        """All of them, as if they had never been claimed."""
        keys = [claim.key for claim in (*self._ready, *self._throttle)]
        self._ready.clear()
        self._throttle.clear()
        if keys:
            await self._give_back(keys)

    async def _give_back(self, keys: list[Key]) -> None:
        await self._executor.run(self._store.release, keys, self._now())
        self._held.drop(keys)

    def _pop(self) -> Claim | None:
        claim = self._throttle.pop(asyncio.get_running_loop().time())
        if claim is None and self._ready:
            claim = self._ready.popleft()
        return claim

    def _is_filled(self) -> bool:
        if len(self._ready) >= self._connections:
            return True
        just_now = asyncio.get_running_loop().time() - self._ran_out_at < REFILL_SECONDS
        return just_now and len(self._throttle) > 0

    async def _claim(self) -> bool:
        """Claim once. Whether there may be more: some had to be put off, for their domains."""
        now = asyncio.get_running_loop().time()
        room = self._connections * AHEAD - len(self._ready)
        claimed_at, since = self._now(), clock.steady()
        claims = await self._executor.claim(room, claimed_at)
        # Where the clock was set forward our own leases have run out, too.
        new = [claim for claim in claims if claim.key not in self._held]
        self._held.add(new, since)
        later: dict[Key, datetime] = {}
        for claim in new:
            wait = self._queue(claim, now)
            if wait:
                later[claim.key] = claimed_at + timedelta(seconds=wait)
        if later:
            await self._executor.run(self._store.put_off, later, claimed_at)
            self._held.drop(later)
        elif len(claims) < room:
            self._ran_out_at = now
        return bool(later)

    def _queue(self, claim: Claim, now: float) -> float:
        """Put one where it belongs, or say for how many seconds there is no place for it."""
        if isinstance(claim, ClaimedNotice):  # never waits
            self._ready.append(claim)
            return 0.0
        domain = claim.address.rpartition("@")[2].lower()
        if not self._throttle.has(domain):
            self._ready.append(claim)
            return 0.0
        at = self._throttle.put(claim, domain, now, claim.is_retry)
        return 0.0 if at is None else at - now
