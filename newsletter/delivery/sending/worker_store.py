"""The sender's side of the database: each method is one short transaction."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.issue_run.circuit_breakers import Result, Row, Watch
from newsletter.delivery.issue_run.close import close, drop_cancelled
from newsletter.delivery.issue_run.outcome_effects import take_effect
from newsletter.delivery.issue_run.pause import being_sent, halt
from newsletter.delivery.queue import daily_quota, leases, ledger, worker_liveness
from newsletter.delivery.queue.balance import is_finished
from newsletter.delivery.queue.claim_cursor import Place, Places
from newsletter.delivery.queue.ledger import Claimed
from newsletter.delivery.queue.retry_policy import Settlement, settle
from newsletter.delivery.sending.claims import PUT_BACK, Held, Key, Report, held_deliveries
from newsletter.delivery.sending.envelopes import Envelopes, MessageKey
from newsletter.delivery.sending.pg_fast_path import Shortcuts
from newsletter.errors import Refused
from newsletter.models.delivery import OPEN_ROWS, Delivery, DeliveryState, Notice
from newsletter.models.issue import Issue, IssueState
from newsletter.rates import (
    Breakers,
    WarmUp,
)
from newsletter.transports.base import Envelope, Verdict

log = logging.getLogger(__name__)

ROWS: dict[str, leases.Row] = {"delivery": Delivery, "notice": Notice}
DEFAULT_BREAKERS = Breakers()


class Books:
    """One worker's claims and settlements. Not for use by two threads at once.

    A method raises DBAPIError, having changed nothing, where the database
    cannot be written at the moment.
    """

    def __init__(
        self,
        db: Database,
        envelopes: Envelopes,
        home: Path,
        worker: str,
        per_day: int | None = None,
        breakers: Breakers = DEFAULT_BREAKERS,
        warm_up: WarmUp | None = None,
    ) -> None:
        """``per_day``: how many messages all workers may begin in a day; None: any number.
        ``warm_up``: how it is led up to. ``breakers``: what pauses an issue by itself."""
        self._db = db
        self._per_day = per_day
        self._warm_up = warm_up
        self._envelopes = envelopes
        self._home = home
        self._worker = worker
        self._places = Places()
        self._goes_on: int | None = None  # an issue, behind the last claim
        self._watch = Watch(breakers)

    @property
    def is_quick(self) -> bool:
        """Whether a transaction takes so little time that nobody need wait for it apart."""
        return self._db.is_sqlite

    def claim(self, limit: int, now: datetime) -> list[Held]:
        """Lease what is due and may be begun today, notices first."""
        with self._db.write() as session:
            if self._per_day is not None:
                limit = min(limit, daily_quota.left(session, self._per_day, now, self._warm_up))
            notices = ledger.claim_notices(session, self._worker, limit, now)
            room = limit - len(notices)
            claimed = ledger.claim(session, self._worker, room, now, self._places)
            self._count(session, len(notices) + len(claimed), now)
            self._envelopes.know(session, _messages(claimed), now)
        is_filled = self._per_day is None and 0 < room == len(claimed)
        self._goes_on = claimed[-1].issue_id if is_filled else None
        return [*self._made(notices, now), *held_deliveries(claimed)]

    @property
    def onward(self) -> tuple[int, Place] | None:
        """The issue, and the place in it, behind which a claim may go on by a shortcut: nothing
        but what comes next has to be looked at."""
        if self._goes_on is None or (place := self._places.last(self._goes_on)) is None:
            return None
        return self._goes_on, place

    def claimed_onward(self, claimed: Sequence[Claimed], place: Place, limit: int) -> list[Held]:
        """Take note of what a shortcut has leased of at most ``limit``, up to ``place``."""
        if self._goes_on is not None and len(claimed) == limit:
            self._places.move(self._goes_on, place)
        else:
            self._goes_on = None
        return held_deliveries(claimed)

    def knows(self, claimed: Sequence[Claimed]) -> bool:
        """Whether the frozen messages of all of these were read before."""
        return self._envelopes.knows(_messages(claimed))

    def know(self, claimed: Sequence[Claimed], now: datetime) -> None:
        """Read those that were not."""
        with self._db.read() as session:
            self._envelopes.know(session, _messages(claimed), now)

    def envelope(self, held: Held) -> Envelope:
        """The message of a held row. Raises Refused if none can be made for it."""
        if held.envelope is not None:
            return held.envelope
        assert held.claimed is not None  # noqa: S101
        return self._envelopes.for_delivery(held.claimed)

    def fail(self, key: Key, why: str, now: datetime) -> None:
        """Give a message up that cannot be made."""
        kind, number = key
        settlement = Settlement(number, DeliveryState.FAILED, None, False, "unfit", why)
        with self._db.write() as session:
            ledger.settle(session, ROWS[kind], [settlement], now)

    def still_wanted(self, held: Sequence[Held]) -> set[Key]:
        """The keys of those whose reader has not left meanwhile, and whose issue goes on."""
        claimed = [h.claimed for h in held if h.claimed is not None]
        with self._db.read() as session:
            wanted = ledger.still_wanted(session, claimed)
        return {h.key for h in held if h.claimed is None or h.claimed.id in wanted}

    def shortcuts(self) -> Shortcuts | None:
        """Ways without a thread, where there are any."""
        return None if self._db.is_sqlite else Shortcuts(self._db, self._worker)

    def all_sent(self) -> None:
        """Take note that a whole group was sent, and settled by a shortcut."""
        self._watch.row = ()

    def record_sent(self, replies: Mapping[int, str], now: datetime) -> None:
        """Settle deliveries that were sent, each with the server's reply."""
        with self._db.write_one() as connection:
            ledger.settle_sent(connection, replies, now)

    def record(self, reports: Sequence[Report]) -> None:
        """Settle what was reported, and let it have its effects, in one transaction."""
        sent: dict[int, str] = {}
        others: dict[str, list[Settlement]] = {name: [] for name in ROWS}
        for report in reports:
            kind, number = report.held.key
            if kind == "delivery" and report.outcome.verdict is Verdict.SENT:
                sent[number] = report.outcome.reply
            else:
                held = report.held
                others[kind].append(
                    settle(
                        number,
                        report.outcome,
                        held.attempts,
                        held.since,
                        report.at,
                        held.state,
                    )
                )
        now = reports[-1].at
        if len(sent) == len(reports):
            self.record_sent(sent, now)
            self.all_sent()
            return
        put_back = sum(report.outcome.verdict in PUT_BACK for report in reports)
        with self._db.write() as session:
            self._count(session, -put_back, now)
            if sent:
                ledger.settle_sent(session.connection(), sent, now)
            for name, settlements in others.items():
                ledger.settle(session, ROWS[name], settlements, now)
            waiting = [s.id for s in others["delivery"] if s.not_before is not None]
            if waiting:
                drop_cancelled(session, waiting, now)
            row = self._take_effects(session, reports, now)
        self._watch.row = row

    def record_connection_failure(self, why: str, now: datetime) -> None:
        """Note a connection of which nothing became; too many in a row stop every issue."""
        row = self._watch.longer(self._watch.row, now)
        if self._watch.is_full(row):
            with self._db.write() as session:
                row = self._watch.stop(session, being_sent(session), row, why)
        self._watch.row = row

    def release(self, keys: Sequence[Key], now: datetime) -> None:
        """Give back what was claimed and not begun."""
        with self._db.write() as session:
            self._count(session, -len(keys), now)
            for name, row in ROWS.items():
                ids = [number for kind, number in keys if kind == name]
                if ids:
                    leases.release(session, row, self._worker, ids)

    def put_off(self, moments: Mapping[Key, datetime], now: datetime) -> None:
        """Give deliveries that were claimed and not begun back, each until its moment."""
        with self._db.write() as session:
            self._count(session, -len(moments), now)
            leases.put_off(session, self._worker, {n: at for (_, n), at in moments.items()})

    def is_owed(self, now: datetime, until: datetime) -> bool:
        """Whether a delivery of an issue that is being sent is due later, ``until`` then."""
        later = select(Delivery.id).where(
            Delivery.issue_id.in_(select(Issue.id).where(Issue.state == IssueState.SENDING)),
            OPEN_ROWS,
            Delivery.not_before > now,
            Delivery.not_before <= until,
        )
        with self._db.read() as session:
            return session.scalar(later.limit(1)) is not None

    def renew(self, keys: Sequence[Key], now: datetime) -> None:
        """Keep the leases of what is still being carried."""
        with self._db.write() as session:
            for name, row in ROWS.items():
                ids = [number for kind, number in keys if kind == name]
                if ids:
                    leases.renew(session, row, self._worker, ids, now)

    def release_crashed(self, *, all_leases: bool = False) -> int:
        """End the leases of workers of this home that were killed: of those whose file is
        left, or ``all_leases`` of all."""
        crashed = worker_liveness.crashed(self._home)
        if not (crashed or all_leases):
            return 0
        with self._db.read() as session:
            holders = leases.leaseholders(session)
        gone = worker_liveness.dead(self._home, holders - {self._worker})
        freed = 0
        if gone:
            with self._db.write() as session:
                freed = leases.reclaim(session, gone)
            said = {"event": "leases_freed"}
            log.warning("freed %d leases of killed workers", freed, extra=said)
        worker_liveness.remove_lock_files(self._home, crashed)
        return freed

    def close_finished(self, now: datetime) -> list[int]:
        """Close the issues that have nothing left to send, their balance checked."""
        with self._db.read() as session:
            finished = [i.id for i in being_sent(session) if is_finished(session, i)]
        for issue_id in finished:
            with self._db.write() as session:
                close(session, issue_id, now)
        return finished

    def is_leased_elsewhere(self, now: datetime) -> bool:
        """Whether another worker holds something of an open issue or a notice."""
        with self._db.read() as session:
            return leases.is_held_by_others(session, self._worker, now)

    def pause(self, reason: str, now: datetime) -> None:
        """Stop every issue that is being sent, say why, and tell the curators."""
        with self._db.write() as session:
            for issue in being_sent(session):
                halt(session, issue, reason, now)

    def _take_effects(self, session: Session, reports: Sequence[Report], now: datetime) -> Row:
        """What the outcomes mean beyond their own rows; returns the failures in a row."""
        results = [
            Result(claimed.id, claimed.issue_id, report.outcome, report.at)
            for report in reports
            if (claimed := report.held.claimed) is not None
        ]
        for result in results:
            take_effect(session, result.delivery_id, result.outcome, result.at)
        return self._watch.judge(session, results, now)

    def _count(self, session: Session, begun: int, now: datetime) -> None:
        if self._per_day is not None:
            daily_quota.use(session, begun, now)

    def _made(self, notices: Sequence[Notice], now: datetime) -> list[Held]:
        """The notices' messages; one that cannot be made is given up, and stops no other."""
        held = []
        for notice in notices:
            key = ("notice", notice.id)
            try:
                with self._db.read() as session:
                    envelope = self._envelopes.for_notice(session, notice, now)
            except Refused as error:
                self.fail(key, str(error), now)
            else:
                held.append(
                    Held(key, notice.attempts, notice.created_at, notice.state, envelope=envelope)
                )
        return held


def _messages(claimed: Sequence[Claimed]) -> set[MessageKey]:
    return {(c.issue_id, c.variant) for c in claimed}
