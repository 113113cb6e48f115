"""The sender's transactions: kept off its loop where they take time, and tried again
until the database takes them."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple, TypeVar

from sqlalchemy.exc import DBAPIError

from newsletter.delivery.sending.claims import Held, Report
from newsletter.delivery.sending.worker_store import Books
from newsletter.transports.base import Verdict

log = logging.getLogger(__name__)

T = TypeVar("T")
FIRST_RETRY, LONGEST_RETRY = 0.05, 2.0  # seconds between two tries to write to the database
ONWARD_SECONDS = 1.0  # at most, between two claims that look at everything
LATELY_SECONDS = 2.0  # more than PostgreSQL forgets in a crash: three times its wal_writer_delay


class Bookkeeper:
    """Does the work of ``books``.

    On SQLite in this thread, where a transaction takes less time than handing it
    over; a database that somebody else has locked is not waited for but tried
    again. On PostgreSQL in two threads: connections wait for settlements, so these
    do not wait for a claim. What is simply next, and what was simply sent, needs neither.

    In a crash PostgreSQL may forget the last of these commits, as they do not wait for
    the disk. So once a connection to it was lost, what was sent lately is recorded again
    before anything else is done.
    """

    def __init__(self, books: Books) -> None:
        self.books = books
        self._claiming = None if books.is_quick else ThreadPoolExecutor(1, "ledger")
        self._settling = None if books.is_quick else ThreadPoolExecutor(1, "settlements")
        self._shortcuts = books.shortcuts()
        self._onward_until = 0.0
        self._lately: deque[_Sent] = deque()
        self._is_in_doubt = False  # whether the database may have forgotten some of it
        self._reminding = asyncio.Lock()

    async def do(self, work: Callable[..., T], *arguments: object) -> T:
        """One of the methods of ``books``, with what it returns or raises."""
        return await self._until_done(self._claiming, work, *arguments)

    async def claim(self, limit: int, now: datetime) -> list[Held]:
        """Lease what is due."""
        at = asyncio.get_running_loop().time()
        if at < self._onward_until and (held := await self._claim_onward(limit, now)):
            return held
        held = await self.do(self.books.claim, limit, now)
        self._onward_until = at + ONWARD_SECONDS
        return held

    async def _claim_onward(self, limit: int, now: datetime) -> list[Held]:
        """What comes next in the issue of the last claim, if nothing else need be looked at."""
        onward = self.books.onward
        if self._shortcuts is None or self._is_in_doubt or onward is None:
            return []
        claim = await self._shortcuts.claim(*onward, limit, now)
        if claim is None:
            self._is_in_doubt = True
            return []
        claimed, place = claim
        if not self.books.knows(claimed):
            await self.do(self.books.know, claimed, now)
        return self.books.claimed_onward(claimed, place, limit)

    async def record(self, reports: list[Report]) -> None:
        """Settle what was reported, in one transaction."""
        sent = {r.held.key[1]: r.outcome.reply for r in reports if _is_sent_delivery(r)}
        at = reports[-1].at
        if len(sent) < len(reports) or not await self._record_directly(sent, at):
            await self._until_done(self._settling, self.books.record, reports)
        if self._settling is not None:
            self._remember(sent, [r for r in reports if _is_sent_notice(r)], at)

    async def _record_directly(self, sent: Mapping[int, str], at: datetime) -> bool:
        """Whether these deliveries are settled."""
        if self._shortcuts is None or self._is_in_doubt:
            return False
        if not await self._shortcuts.settle_sent(sent, at):
            self._is_in_doubt = True
            return False
        self.books.all_sent()
        return True

    def close(self) -> None:
        if self._shortcuts is not None:
            self._shortcuts.close()
        for thread in (self._claiming, self._settling):
            if thread is not None:
                thread.shutdown()

    async def _until_done(
        self, thread: ThreadPoolExecutor | None, work: Callable[..., T], *arguments: object
    ) -> T:
        wait = FIRST_RETRY
        while True:
            try:
                if self._is_in_doubt:
                    await self._remind()
                return await _in(thread, work, *arguments)
            except DBAPIError as error:
                self._is_in_doubt = self._is_in_doubt or error.connection_invalidated
                log.warning("the database refused: %s", error.orig, extra={"event": "db_refused"})
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_RETRY)

    def _remember(self, deliveries: dict[int, str], notices: list[Report], at: datetime) -> None:
        now = asyncio.get_running_loop().time()
        self._lately.append(_Sent(now, deliveries, notices, at))
        while self._lately[0].recorded_at < now - LATELY_SECONDS:
            self._lately.popleft()

    async def _remind(self) -> None:
        """Record what was sent lately again; where it was not forgotten nothing changes."""
        async with self._reminding:
            if self._is_in_doubt:
                for sent in list(self._lately):
                    if sent.deliveries:
                        await _in(self._settling, self.books.record_sent, sent.deliveries, sent.at)
                    if sent.notices:
                        await _in(self._settling, self.books.record, sent.notices)
            self._is_in_doubt = False


class _Sent(NamedTuple):
    """What was sent and recorded together. Of the deliveries no more than the replies, by id:
    so many objects would have to be looked through for garbage again and again."""

    recorded_at: float  # by the loop's clock
    deliveries: dict[int, str]
    notices: list[Report]
    at: datetime


async def _in(thread: ThreadPoolExecutor | None, work: Callable[..., T], *arguments: object) -> T:
    if thread is None:
        return work(*arguments)
    return await asyncio.get_running_loop().run_in_executor(thread, work, *arguments)


def _is_sent_delivery(report: Report) -> bool:
    return report.outcome.verdict is Verdict.SENT and report.held.key[0] == "delivery"


def _is_sent_notice(report: Report) -> bool:
    return report.outcome.verdict is Verdict.SENT and report.held.key[0] == "notice"
