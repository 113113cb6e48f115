"""The one way of a sender to its database: off its loop where a transaction takes time, by
the fast path where there is one, and again for as long as waiting can mend a refusal."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple, TypeVar

from sqlalchemy.exc import DBAPIError

from newsletter.delivery.sending.claims import Claim, Report
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.outages import is_transient, outage, summary
from newsletter.transports.base import Outcome, Verdict

log = logging.getLogger(__name__)

T = TypeVar("T")
FIRST_RETRY, LONGEST_RETRY = 0.05, 2.0  # seconds between two tries to write to the database
LOOK_SECONDS = 2.0  # between two looks at whether an answer is waited for still
FAST_CLAIM_SECONDS = 1.0  # at most, between two claims that look at everything
LATELY_SECONDS = 2.0  # more than PostgreSQL forgets in a crash: three times its wal_writer_delay


class DbExecutor:
    """Claims, settles, and runs the other transactions of a WorkerStore.

    On SQLite in this thread, where a transaction takes less time than handing it
    over; a database that somebody else has locked is not waited for but tried
    again. On PostgreSQL in two threads: connections wait for settlements, so these
    do not wait for a claim. What is simply next, and what was simply sent, needs neither.

    In a crash PostgreSQL may forget the last of these commits, as they do not wait for
    the disk. So once a connection to it was lost, what was sent lately is recorded again
    before anything else is done.
    """

    def __init__(self, store: WorkerStore) -> None:
        self.store = store
        self._claiming = None if store.is_quick else ThreadPoolExecutor(1, "claims")
        self._settling = None if store.is_quick else ThreadPoolExecutor(1, "settlements")
        self._fast_path = store.fast_path()
        self._fast_claims_until = 0.0
        self._sent_lately: deque[_Sent] = deque()
        self._is_in_doubt = False  # whether the database may have forgotten some of it
        self._recording_again = asyncio.Lock()
        self._given_up = asyncio.Event()
        self._last_error: DBAPIError | None = None  # after which nothing is tried any more

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """One of the methods of the store, with what it returns or raises."""
        return await self._until_done(self._claiming, is_transient, work, *arguments)

    async def claim(self, limit: int, now: datetime) -> list[Claim]:
        """Lease what is due, and read the messages of which it is."""
        at = asyncio.get_running_loop().time()
        claims = await self._claim_next(limit, now) if at < self._fast_claims_until else []
        if not claims:
            claims = await self.run(self.store.claim, limit, now)
            self._fast_claims_until = at + FAST_CLAIM_SECONDS
        if unread := self.store.unread(claims):
            await self.run(self.store.read_messages, unread, now)
        return claims

    async def settle(self, reports: list[Report]) -> list[Report]:
        """Record what was reported, in one transaction; returns it as it is recorded.

        Where the database refuses that, and waiting would not help, each is recorded by
        itself, and one that is refused again as unknown: it stops no other.
        """
        try:
            await self._settle_together(reports)
        except Exception as error:
            if self.has_given_up:
                raise
            log.warning(
                "a group is settled one by one: %s", summary(error), extra={"event": "db_refused"}
            )
            return [await self._settle_alone(report) for report in reports]
        return reports

    @property
    def has_given_up(self) -> bool:
        return self._given_up.is_set()

    def give_up(self) -> None:
        """Wait for the database no longer: what it does not do at once raises DBAPIError."""
        self._given_up.set()

    def close(self) -> None:
        if self._fast_path is not None:
            self._fast_path.close()
        for thread in (self._claiming, self._settling):
            if thread is not None:
                thread.shutdown()

    async def _claim_next(self, limit: int, now: datetime) -> list[Claim]:
        """What comes next in the issue of the last claim, if nothing else need be looked at."""
        following = self.store.next_position
        if self._fast_path is None or self._is_in_doubt or following is None:
            return []
        leased = await self._fast_path.claim(*following, limit, now)
        if leased is None:
            self._is_in_doubt = True
            return []
        claimed, last = leased
        self.store.note_claim(len(claimed), limit, last)
        return [*claimed]

    async def _settle_together(self, reports: list[Report]) -> None:
        sent = {r.claim.id: r.outcome.reply for r in reports if r.is_sent_delivery}
        at = reports[-1].at
        if len(sent) < len(reports) or not await self._settle_sent(sent, at):
            await self._until_done(self._settling, is_transient, self.store.settle, reports)
        if self._settling is not None:
            notices = [r for r in reports if _is_sent_notice(r)] if len(sent) < len(reports) else []
            self._remember(sent, notices, at)

    async def _settle_sent(self, replies: Mapping[int, str], at: datetime) -> bool:
        """Whether these deliveries are settled by the fast path."""
        if self._fast_path is None or self._is_in_doubt:
            return False
        if not await self._fast_path.settle_sent(replies, at):
            self._is_in_doubt = True
            return False
        self.store.note_all_sent()
        return True

    async def _settle_alone(self, report: Report) -> Report:
        try:
            await self._settle_together([report])
        except Exception as error:
            kind, number = report.claim.key
            log.error(  # no traceback: it would have what the message says of its reader
                "the outcome of %s %d is not recorded: %s",
                kind,
                number,
                summary(error),
                extra={"event": "outcome_unrecorded", "kind": kind, "id": number},
            )
            # What cannot even be marked would be sent again and again: so it is waited for.
            work = self.store.settle_as_unknown
            await self._until_done(self._settling, _is_of_the_database, work, report)
            return report._replace(outcome=Outcome(Verdict.UNKNOWN))
        return report

    async def _until_done(
        self,
        thread: ThreadPoolExecutor | None,
        is_waited_for: Callable[[Exception], bool],
        work: Callable[..., T],
        *arguments: object,
    ) -> T:
        wait = FIRST_RETRY
        while True:
            if self._last_error is not None:
                raise self._last_error
            try:
                if self._is_in_doubt:
                    await self._record_again()
                result = await self._in(thread, work, *arguments)
            except DBAPIError as error:
                self._is_in_doubt = self._is_in_doubt or error.connection_invalidated
                if self.has_given_up:
                    self._last_error = error
                if self.has_given_up or not is_waited_for(error):
                    raise
                outage.note(summary(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._given_up.wait(), wait)
                wait = min(wait * 2, LONGEST_RETRY)
            else:
                outage.end()
                return result

    async def _in(
        self, thread: ThreadPoolExecutor | None, work: Callable[..., T], *arguments: object
    ) -> T:
        """Work that waits for PostgreSQL ends with an error soon after we gave up."""
        if thread is None:
            return work(*arguments)
        loop = asyncio.get_running_loop()
        answer = loop.run_in_executor(thread, work, *arguments)
        while not (await asyncio.wait([answer], timeout=LOOK_SECONDS))[0]:
            if self.has_given_up:
                self.store.cut_connections()
        return answer.result()

    def _remember(self, deliveries: dict[int, str], notices: list[Report], at: datetime) -> None:
        now = asyncio.get_running_loop().time()
        self._sent_lately.append(_Sent(now, deliveries, notices, at))
        while self._sent_lately[0].recorded_at < now - LATELY_SECONDS:
            self._sent_lately.popleft()

    async def _record_again(self) -> None:
        """What was sent lately; where it was not forgotten nothing changes."""
        async with self._recording_again:
            if self._is_in_doubt:
                for sent in list(self._sent_lately):
                    if sent.deliveries:
                        work = self.store.settle_sent
                        await self._in(self._settling, work, sent.deliveries, sent.at)
                    if sent.notices:
                        await self._in(self._settling, self.store.settle, sent.notices)
            self._is_in_doubt = False


class _Sent(NamedTuple):
    """What was sent and recorded together. Of the deliveries no more than the replies, by id:
    so many objects would have to be looked through for garbage again and again."""

    recorded_at: float  # by the loop's clock
    deliveries: dict[int, str]
    notices: list[Report]
    at: datetime


def _is_sent_notice(report: Report) -> bool:
    return report.outcome.verdict is Verdict.SENT and report.claim.key[0] == "notice"


def _is_of_the_database(error: Exception) -> bool:
    return isinstance(error, DBAPIError)
