"""The sender's transactions: kept off its loop where they take time, and tried again
until the database takes them."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from newsletter.delivery.books import Books, Report
from newsletter.transports.base import Verdict

log = logging.getLogger(__name__)

T = TypeVar("T")
FIRST_RETRY, LONGEST_RETRY = 0.05, 2.0  # seconds between two tries to write to the database
LATELY_SECONDS = 2.0  # more than PostgreSQL forgets in a crash: three times its wal_writer_delay


class Bookkeeper:
    """Does the work of ``books``.

    On SQLite in this thread, where a transaction takes less time than handing it
    over; a database that somebody else has locked is not waited for but tried
    again. On PostgreSQL in two threads: connections wait for settlements, so these
    do not wait for a claim. What was simply sent is settled without either.

    In a crash PostgreSQL may forget the last of these commits, as they do not wait for
    the disk. So once a connection to it was lost, what was sent lately is recorded again
    before anything else is done.
    """

    def __init__(self, books: Books) -> None:
        self.books = books
        self._claiming = None if books.is_quick else ThreadPoolExecutor(1, "ledger")
        self._settling = None if books.is_quick else ThreadPoolExecutor(1, "settlements")
        self._direct = books.direct()
        self._lately: deque[tuple[float, list[Report]]] = deque()  # sent, and when recorded
        self._is_in_doubt = False  # whether the database may have forgotten some of it
        self._reminding = asyncio.Lock()

    async def do(self, work: Callable[..., T], *arguments: object) -> T:
        """One of the methods of ``books``, with what it returns or raises."""
        return await self._until_done(self._claiming, work, *arguments)

    async def record(self, reports: list[Report]) -> None:
        """Settle what was reported, in one transaction."""
        if not await self._record_directly(reports):
            await self._until_done(self._settling, self.books.record, reports)
        if self._settling is not None:
            self._remember([r for r in reports if r.outcome.verdict is Verdict.SENT])

    async def _record_directly(self, reports: list[Report]) -> bool:
        """Whether they were of the usual kind, and are settled."""
        if self._direct is None or self._is_in_doubt:
            return False
        sent = {r.held.key[1]: r.outcome.reply for r in reports if _is_sent_delivery(r)}
        if len(sent) < len(reports):
            return False
        if not await self._direct.settle_sent(sent, reports[-1].at):
            self._is_in_doubt = True
            return False
        self.books.all_sent()
        return True

    def close(self) -> None:
        if self._direct is not None:
            self._direct.close()
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

    def _remember(self, sent: list[Report]) -> None:
        now = asyncio.get_running_loop().time()
        self._lately.append((now, sent))
        while self._lately[0][0] < now - LATELY_SECONDS:
            self._lately.popleft()

    async def _remind(self) -> None:
        """Record what was sent lately again; where it was not forgotten nothing changes."""
        async with self._reminding:
            sent = [report for _, reports in self._lately for report in reports]
            if self._is_in_doubt and sent:
                await _in(self._settling, self.books.record, sent)
            self._is_in_doubt = False


async def _in(thread: ThreadPoolExecutor | None, work: Callable[..., T], *arguments: object) -> T:
    if thread is None:
        return work(*arguments)
    return await asyncio.get_running_loop().run_in_executor(thread, work, *arguments)


def _is_sent_delivery(report: Report) -> bool:
    return report.outcome.verdict is Verdict.SENT and report.held.key[0] == "delivery"
