"""The sender's transactions: kept off its loop where they take time, and tried again
until the database takes them."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from newsletter.delivery.books import Books, Report

log = logging.getLogger(__name__)

T = TypeVar("T")
FIRST_RETRY, LONGEST_RETRY = 0.05, 2.0  # seconds between two tries to write to the database


class Bookkeeper:
    """Does the work of ``books``.

    On SQLite in this thread, where a transaction takes less time than handing it
    over; a database that somebody else has locked is not waited for but tried
    again. On PostgreSQL in two threads: connections wait for settlements, so these
    do not wait for a claim.
    """

    def __init__(self, books: Books) -> None:
        self.books = books
        self._claiming = None if books.is_quick else ThreadPoolExecutor(1, "ledger")
        self._settling = None if books.is_quick else ThreadPoolExecutor(1, "settlements")

    async def do(self, work: Callable[..., T], *arguments: object) -> T:
        """One of the methods of ``books``, with what it returns or raises."""
        return await self._until_done(self._claiming, work, *arguments)

    async def record(self, reports: list[Report]) -> None:
        """Settle what was reported, in one transaction."""
        await self._until_done(self._settling, self.books.record, reports)

    def close(self) -> None:
        for thread in (self._claiming, self._settling):
            if thread is not None:
                thread.shutdown()

    async def _until_done(
        self, thread: ThreadPoolExecutor | None, work: Callable[..., T], *arguments: object
    ) -> T:
        wait = FIRST_RETRY
        while True:
            try:
                if thread is None:
                    return work(*arguments)
                return await asyncio.get_running_loop().run_in_executor(thread, work, *arguments)
            except DBAPIError as error:
                log.warning("the database refused: %s", error.orig, extra={"event": "db_refused"})
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_RETRY)
