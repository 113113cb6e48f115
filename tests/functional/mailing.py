"""An issue to a few readers, sent by the real sender: what the ledger says after each try.

The sender, the server and its faults share one loop of counted time, so that
waiting ten minutes for a reply that never comes takes a second.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.issue_run.enrol import enrol
from newsletter.delivery.queue.balance import Balance, balance_of
from newsletter.delivery.sending.claims import Report
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.sender import Sender
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.mailing.message import Headers, freeze
from newsletter.mailing.placeholders import Placeholder
from newsletter.mailing.render import RenderedMail
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.models.subscriber import Subscriber, Suppression
from newsletter.transports.base import Transport, Unavailable
from tests.delivery.counted_time import CountedTime
from tests.functional.lists import add_readers
from tests.transports.composed import SETTINGS
from tests.transports.scripted import ScriptedServer
from tests.transports.talking import transport

START = datetime(2026, 11, 23, 14, tzinfo=UTC)
PATIENCE = 0.03  # seconds without a sound on loopback: nobody has anything more to say
FOR_A_DATABASE = 0.3  # the same, where one at work elsewhere makes no sound either
LARGE = 5_000_000  # octets: more than the buffers between two programs take


class Try(NamedTuple):
    """A row of the ledger once a try has been settled."""

    state: DeliveryState
    reason: str | None
    attempts: int
    again: timedelta | None  # until the next try; None: there is none


NOW, FIVE, TEN = timedelta(0), timedelta(minutes=5), timedelta(minutes=10)
SENT = Try(DeliveryState.SENT, "sent", 1, None)
REQUEUED = Try(DeliveryState.PENDING, "requeued", 0, NOW)
THROTTLED = Try(DeliveryState.PENDING, "throttled", 0, NOW)
BLOCKED = Try(DeliveryState.PENDING, "blocked", 0, NOW)
DEFERRED = Try(DeliveryState.PENDING, "deferred", 1, FIVE)
FULL = Try(DeliveryState.PENDING, "full", 1, FIVE)
DEAD = Try(DeliveryState.FAILED, "dead", 1, None)
REJECTED = Try(DeliveryState.FAILED, "rejected", 1, None)
UNKNOWN = Try(DeliveryState.UNKNOWN, "unknown", 1, TEN)


class Mailing:
    """``tries`` has, for each reader's number, its row after each settlement, and ``settled``
    the numbers in the order of these."""

    def __init__(self, installation: Installation, readers: int, octets: int = 0) -> None:
        self.tries: dict[int, list[Try]] = defaultdict(list)
        self.settled: list[int] = []
        self.now = START
        self._installation = installation
        self._db = installation.db
        add_readers(installation, readers, START)
        with self._db.write() as session:
            issue = Issue(
                kind=Kind.REGULAR,
                date=START.date(),
                state=IssueState.SENDING,
                created_at=START,
                frozen_at=START,
                message=_message(octets),
            )
            session.add(issue)
            session.flush()
            issue.candidates = enrol(session, issue, START)

    async def send(
        self, transport: Transport, connections: int = 1, seconds: float | None = None
    ) -> float:
        """Send until nothing is due, the transport gives up, or for ``seconds``; returns how
        long that took, in seconds of counted time."""
        loop = asyncio.get_running_loop()
        began, start = loop.time(), self.now

        def now() -> datetime:
            self.now = start + timedelta(seconds=loop.time() - began)
            return self.now

        settings = self._installation.settings
        envelopes = Envelopes(settings, self._installation.storage, self._installation.signer)
        store = _WatchedStore(self, self._db, envelopes, settings.home, "worker")
        sender = Sender(store, transport, connections, now=now)
        stop = loop.call_later(seconds, sender.stop) if seconds is not None else None
        try:
            await sender.run(until_idle=True)
        except Unavailable:
            pass
        finally:
            if stop is not None:
                stop.cancel()
        now()
        return loop.time() - began

    def watch(self, reports: Sequence[Report]) -> None:
        """Note what the ledger says of these now."""
        with self._db.read() as session:
            for report in reports:
                self._note(session, report.claim.id, report.at)

    def _note(self, session: Session, delivery_id: int, at: datetime) -> None:
        row = session.get_one(Delivery, delivery_id)
        reader = session.get_one(Subscriber, row.subscriber_id)
        number = int(reader.address.removeprefix("reader").partition("@")[0])
        again = row.not_before - at if row.not_before is not None else None
        self.tries[number].append(Try(row.state, row.reason, row.attempts, again))
        self.settled.append(number)

    def resume(self) -> None:
        with self._db.write() as session:
            calendar.resume(session, self._issue(session), self.now)

    @property
    def state(self) -> IssueState:
        with self._db.read() as session:
            return self._issue(session).state

    @property
    def pause_reason(self) -> str | None:
        with self._db.read() as session:
            return self._issue(session).pause_reason

    @property
    def balance(self) -> Balance:
        with self._db.read() as session:
            return balance_of(session, self._issue(session))

    @property
    def suppressed(self) -> int:
        """How many addresses are never mailed again."""
        with self._db.read() as session:
            return session.scalar(select(func.count()).select_from(Suppression)) or 0

    def _issue(self, session: Session) -> Issue:
        return calendar.get(session, START.date())


class _WatchedStore(WorkerStore):
    def __init__(
        self, mailing: Mailing, db: Database, envelopes: Envelopes, home: object, worker: str
    ) -> None:
        super().__init__(db, envelopes, home, worker)  # type: ignore[arg-type]
        self._mailing = mailing

    def fast_path(self) -> None:
        """All goes by ``settle``."""

    def settle(self, reports: Sequence[Report]) -> None:
        super().settle(reports)
        self._mailing.watch(reports)


@cache
def _message(octets: int) -> bytes:
    """A frozen issue of little content, but of at least so many octets."""
    placeholders = f"{Placeholder.UNSUBSCRIBE.value}\n{Placeholder.PREFERENCES.value}\n"
    text = ("x" * 70 + "\n") * (octets // 72) + placeholders
    headers = Headers.of_issue(SETTINGS, "monday", START.date(), START)
    return freeze(RenderedMail("Penguins", text, f"<p>{placeholders}</p>"), headers).to_bytes()


def run(
    mailing: Mailing,
    server: ScriptedServer,
    connections: int = 1,
    patience: float = PATIENCE,
    **options: object,
) -> float:
    """One run of the sender against a scripted server, until nothing is due;
    returns how many seconds of counted time it took."""

    async def send() -> float:
        async with server:
            return await mailing.send(transport(server, **options), connections)

    return in_counted_time(send(), patience)


def in_counted_time(sending: Coroutine[None, None, float], patience: float = PATIENCE) -> float:
    with asyncio.Runner(loop_factory=lambda: CountedTime(patience)) as runner:
        return runner.run(sending)
