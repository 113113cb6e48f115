"""What this worker has claimed and not settled yet, and whether it may still hand it over.

A claim ends with its lease: when the database was away for long, or this process was halted,
another worker may have taken it over. So nothing is begun, and no message is ended, before it
was asked here, by a clock that goes on while the process is halted.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from newsletter.delivery.queue.leases import LEASE
from newsletter.delivery.queue.ledger import Key
from newsletter.delivery.sending.claims import Claim
from newsletter.delivery.sending.db_executor import DbExecutor

RENEWAL_SECONDS = LEASE.total_seconds() / 4
# Others may take a claim over when its lease has ended by the database's time, which is known
# here but for the time that an answer takes.
HELD_SECONDS = LEASE.total_seconds() - 3.0
FRESH_SECONDS = 0.25  # how long what the database says of all of them is trusted
NEVER = float("-inf")


class HeldClaims:
    def __init__(
        self,
        executor: DbExecutor,
        now: Callable[[], datetime],
        steady: Callable[[], float],
    ) -> None:
        """``steady``: see newsletter.clock."""
        self._executor = executor
        self._now = now
        self._steady = steady
        self._claims: dict[Key, Claim] = {}
        self._ends: dict[Key, float] = {}  # until when each is ours, by the steady clock
        self._lost: set[Key] = set()  # not ours any more, or its reader has left
        self._unwanted: set[Key] = set()  # those, and what may not be begun at the moment
        self._checked_at = NEVER, NEVER  # by the steady clock, and by that of the loop
        self._news = 0  # how often there was a reason to look again
        self._looking = asyncio.Lock()

    def __contains__(self, key: Key) -> bool:
        return key in self._claims

    def add(self, claims: Sequence[Claim], since: float) -> None:
        """These were claimed; the claim began at ``since`` of the steady clock."""
        if not self._claims:
            self._checked_at = since, asyncio.get_running_loop().time()
        ends = since + HELD_SECONDS
        for claim in claims:
            key = claim.key
            self._claims[key] = claim
            self._ends[key] = ends

    def drop(self, keys: Collection[Key]) -> None:
        """These are settled or given back."""
        for key in keys:
            self._claims.pop(key, None)
            self._ends.pop(key, None)
            self._lost.discard(key)
            self._unwanted.discard(key)

    def invalidate(self) -> None:
        """Look again before the next is handed over: something may have stopped an issue."""
        self._checked_at = NEVER, NEVER
        self._news += 1

    async def may_begin(self, key: Key) -> bool:
        """Whether it may be begun at this moment."""
        return await self.may_end(key) and key not in self._unwanted

    async def may_end(self, key: Key) -> bool:
        """Whether what was begun may be handed over for good at this moment."""
        if not self._is_fresh():
            await self._check()
        if key not in self._lost and self._ends.get(key, NEVER) <= self._steady():
            await self.renew()
        return key not in self._lost and self._ends.get(key, NEVER) > self._steady()

    def is_unwanted(self, key: Key) -> bool:
        """Whether it is known that it may not be begun."""
        return key in self._unwanted

    async def renew(self) -> None:
        """Lengthen the leases of all that is still ours."""
        keys, since = list(self._claims), self._steady()
        if not keys:
            return
        kept = await self._executor.run(self._executor.store.renew, keys, self._now())
        ends = since + HELD_SECONDS
        for key in keys:
            if key not in self._claims:
                continue
            if key in kept:
                self._ends[key] = ends
            else:
                self._lost.add(key)
                self._unwanted.add(key)

    async def _check(self) -> None:
        """Ask the database which of them are ours still and wanted; one asks for all."""
        async with self._looking:
            while not self._is_fresh():
                news, began = self._news, (self._steady(), asyncio.get_running_loop().time())
                claims = list(self._claims.values())
                standing = await self._executor.run(self._executor.store.standing, claims)
                for claim in claims:
                    self._learn(claim.key, *standing)
                if news == self._news:
                    self._checked_at = began

    def _learn(self, key: Key, may_end: Collection[Key], may_begin: Collection[Key]) -> None:
        if key not in self._claims:  # it was settled meanwhile
            return
        if key not in may_end:
            self._lost.add(key)
        if key in may_begin:
            self._unwanted.discard(key)
        else:
            self._unwanted.add(key)

    def _is_fresh(self) -> bool:
        steady, loop = self._checked_at
        return (
            self._steady() - steady < FRESH_SECONDS
            and asyncio.get_running_loop().time() - loop < FRESH_SECONDS
        )
