"""A worker's side of the database: each method is one short transaction."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.issue_run.circuit_breakers import CircuitBreakers, Result, Streak
from newsletter.delivery.issue_run.close import close, drop_cancelled
from newsletter.delivery.issue_run.outcome_effects import take_effect
from newsletter.delivery.issue_run.pause import being_sent, halt
from newsletter.delivery.issue_run.unrecorded import REFUSED, mark_unrecorded
from newsletter.delivery.queue import daily_quota, leases, ledger
from newsletter.delivery.queue.balance import is_finished
from newsletter.delivery.queue.claim_cursor import Position
from newsletter.delivery.queue.ledger import ClaimedDelivery, Key
from newsletter.delivery.queue.retry_policy import Settlement, settle
from newsletter.delivery.sending.claims import PUT_BACK, Claim, ClaimedNotice, Report
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.pg_fast_path import FastPath
from newsletter.delivery.sending.wake import Wake, wake_of
from newsletter.delivery.sending.worker_leases import ROWS, WorkerLeases, by_name
from newsletter.errors import Refused
from newsletter.models.delivery import (
    FOR_OTHERS,
    FOR_STRANGERS,
    Delivery,
    DeliveryState,
    Notice,
    NoticeKind,
)
from newsletter.rates import Breakers, WarmUp
from newsletter.transports.base import Envelope, Outcome, Verdict

log = logging.getLogger(__name__)

DEFAULT_BREAKERS = Breakers()


class WorkerStore(WorkerLeases):
    """One worker's claims and settlements. Not for use by two threads at once.

    A method raises DBAPIError, having changed nothing, where the database refuses.
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
        super().__init__(db, home, worker)
        self._per_day = per_day
        self._warm_up = warm_up
        self._envelopes = envelopes
        self._breakers = CircuitBreakers(breakers)

    @property
    def is_quick(self) -> bool:
        """Whether a transaction takes so little time that nobody need wait for it apart."""
        return self._db.is_sqlite

    def fast_path(self) -> FastPath | None:
        """The switch: for the ordinary claim and settlement, where there is one."""
        return None if self._db.is_sqlite else FastPath(self._db, self._worker)

    def wake(self) -> Wake:
        """What says that there is something to do."""
        return wake_of(self._db)

    def cut_connections(self) -> None:
        """Let whoever waits for the database get an error."""
        self._db.cut()

    # Claims.

    def claim(self, limit: int, now: datetime) -> list[Claim]:
        """Lease what is due and may be begun today, notices first."""
        with self._db.write() as session:
            if self._per_day is None:
                notices = ledger.claim_notices(session, self._worker, limit, now)
                room = limit - len(notices)
            else:
                notices, room = self._within_quota(session, self._per_day, limit, now)
            claimed = ledger.claim(session, self._worker, room, now, self._cursor)
            self._count(session, len(claimed), now)
        is_filled = self._per_day is None and 0 < room == len(claimed)
        self._next_issue = claimed[-1].issue_id if is_filled else None
        return [*self._with_envelopes(notices, now), *claimed]

    def _within_quota(
        self, session: Session, per_day: int, limit: int, now: datetime
    ) -> tuple[list[Notice], int]:
        """The notices that may be begun today; and of how many deliveries there is room then."""
        left = daily_quota.left(session, per_day, now, self._warm_up)
        notices = self._claim_notices(session, FOR_OTHERS, min(limit, left), now)
        if ledger.is_notice_due(session, now, FOR_STRANGERS):
            most = min(limit - len(notices), daily_quota.for_strangers(session, now))
            notices += self._claim_notices(session, FOR_STRANGERS, most, now)
        return notices, min(limit - len(notices), daily_quota.for_deliveries(session, now))

    def _claim_notices(
        self, session: Session, kinds: Sequence[NoticeKind], limit: int, now: datetime
    ) -> list[Notice]:
        notices = ledger.claim_notices(session, self._worker, limit, now, kinds)
        self._count(session, len(notices), now, notices=len(notices))
        return notices

    @property
    def next_position(self) -> tuple[int, Position] | None:
        """The issue, and the position in it, behind which the fast path may claim: nothing but
        what comes next has to be looked at. None: it may not."""
        if self._next_issue is None:
            return None
        position = self._cursor.position(self._next_issue)
        return None if position is None else (self._next_issue, position)

    def note_claim(self, number: int, limit: int, last: Position) -> None:
        """The fast path has leased so many of at most ``limit``, up to ``last``."""
        if self._next_issue is not None and number == limit:
            self._cursor.move(self._next_issue, last)
        else:
            self._next_issue = None

    def unread(self, claims: Sequence[Claim]) -> list[ClaimedDelivery]:
        """A delivery of each frozen message of these that was not read before."""
        deliveries = [claim for claim in claims if isinstance(claim, ClaimedDelivery)]
        by_message = {(claim.issue_id, claim.variant): claim for claim in deliveries}
        return [claim for claim in by_message.values() if not self._envelopes.knows(claim)]

    def read_messages(self, claims: Sequence[ClaimedDelivery], now: datetime) -> None:
        """Read the frozen messages of these, from which envelopes are made."""
        with self._db.read() as session:
            for claim in claims:
                self._envelopes.read(session, claim, now)

    def envelope(self, claim: Claim) -> Envelope:
        """The message of a claim; what it is made of was read. Raises Refused if none can be
        made for it."""
        if isinstance(claim, ClaimedNotice):
            return claim.envelope
        return self._envelopes.for_delivery(claim)

    def release(self, keys: Sequence[Key], now: datetime) -> None:
        """Give back what was claimed and not begun."""
        with self._db.write() as session:
            notices = sum(name == "notice" for name, _ in keys)
            self._count(session, -len(keys), now, notices=-notices)
            for name, ids in by_name(keys):
                leases.release(session, ROWS[name], self._worker, ids)

    def put_off(self, moments: Mapping[Key, datetime], now: datetime) -> None:
        """Give deliveries that were claimed and not begun back, each until its moment."""
        with self._db.write() as session:
            self._count(session, -len(moments), now)
            leases.put_off(session, self._worker, {n: at for (_, n), at in moments.items()})

    def is_owed(self, now: datetime, until: datetime) -> bool:
        """Whether a delivery of an issue that is being sent is due later, ``until`` then."""
        with self._db.read() as session:
            return ledger.is_owed(session, now, until)

    # Settlements.

    def settle(self, reports: Sequence[Report]) -> None:
        """Record what was reported, and let it have its effects, in one transaction."""
        now = reports[-1].at
        sent = {r.claim.id: r.outcome.reply for r in reports if r.is_sent_delivery}
        if len(sent) == len(reports):
            self.settle_sent(sent, now)
            self.note_all_sent()
            return
        others = [report for report in reports if not report.is_sent_delivery]
        put_back = [r.claim.key for r in others if r.outcome.verdict in PUT_BACK]
        notices_put_back = sum(name == "notice" for name, _ in put_back)
        with self._db.write() as session:
            self._count(session, -len(put_back), now, notices=-notices_put_back)
            if sent:
                ledger.settle_sent(session.connection(), sent, now)
            notices, deliveries = [
                [_settlement(r) for r in others if r.claim.key[0] == name]
                for name in ("notice", "delivery")
            ]
            ledger.settle(session, Notice, notices, now, self._worker)
            recorded = ledger.settle(session, Delivery, deliveries, now, self._worker)
            waiting = [s.id for s in deliveries if s.not_before is not None]
            if waiting:
                drop_cancelled(session, waiting, now)
            effective = [r for r in reports if r.is_sent_delivery or r.claim.id in recorded]
            streak = self._take_effects(session, effective, now)
        self._breakers.streak = streak

    def settle_sent(self, replies: Mapping[int, str], now: datetime) -> None:
        """Record that deliveries were sent, each with the server's reply."""
        with self._db.one_statement() as connection:
            ledger.settle_sent(connection, replies, now)

    def note_all_sent(self) -> None:
        """A whole group was sent and is recorded: the failures in a row are over."""
        self._breakers.streak = ()

    def settle_as_unknown(self, report: Report) -> None:
        """Record what can be recorded of an outcome that the database refuses."""
        claim, now = report.claim, report.at
        issue_id = claim.issue_id if isinstance(claim, ClaimedDelivery) else None
        unknown = report._replace(outcome=Outcome(Verdict.UNKNOWN, REFUSED))
        with self._db.write() as session:
            mark_unrecorded(session, ROWS[claim.key[0]], claim.id, issue_id, now)
            streak = self._breakers.judge(session, _results([unknown]), now)
        self._breakers.streak = streak

    def fail(self, key: Key, why: str, now: datetime) -> None:
        """Give a message up that cannot be made."""
        kind, number = key
        settlement = Settlement(number, DeliveryState.FAILED, None, False, "unfit", why)
        with self._db.write() as session:
            ledger.settle(session, ROWS[kind], [settlement], now, self._worker)

    def record_connection_failure(self, why: str, now: datetime) -> None:
        """Note a connection of which nothing became; too many in a row stop every issue."""
        streak = self._breakers.longer(self._breakers.streak, now)
        if self._breakers.is_full(streak):
            with self._db.write() as session:
                streak = self._breakers.stop(session, being_sent(session), streak, why)
        self._breakers.streak = streak

    def pause(self, reason: str, now: datetime) -> None:
        """Stop every issue that is being sent, say why, and tell the curators."""
        with self._db.write() as session:
            for issue in being_sent(session):
                halt(session, issue, reason, now)

    def close_finished(self, now: datetime) -> list[int]:
        """Close the issues that have nothing left to send, their balance checked."""
        with self._db.read() as session:
            finished = [i.id for i in being_sent(session) if is_finished(session, i)]
        for issue_id in finished:
            with self._db.write() as session:
                close(session, issue_id, now)
        return finished

    def _take_effects(self, session: Session, reports: Sequence[Report], now: datetime) -> Streak:
        """What the outcomes mean beyond their own rows; returns the failures in a row."""
        results = _results(reports)
        for result in results:
            take_effect(session, result.delivery_id, result.outcome, result.at)
        return self._breakers.judge(session, results, now)

    def _count(self, session: Session, begun: int, now: datetime, notices: int = 0) -> None:
        """``notices``: how many of what was begun they are."""
        if self._per_day is not None:
            daily_quota.use(session, begun, now, notices)

    def _with_envelopes(self, notices: Sequence[Notice], now: datetime) -> list[ClaimedNotice]:
        """The notices' messages; one that cannot be made is given up, and stops no other."""
        claimed = []
        for notice in notices:
            try:
                with self._db.read() as session:
                    envelope = self._envelopes.for_notice(session, notice, now)
            except Refused as error:
                self.fail(("notice", notice.id), str(error), now)
            else:
                claimed.append(
                    ClaimedNotice(
                        notice.id, notice.attempts, notice.created_at, notice.state, envelope
                    )
                )
        return claimed


def _settlement(report: Report) -> Settlement:
    claim = report.claim
    return settle(claim.id, report.outcome, claim.attempts, claim.since, report.at, claim.state)


def _results(reports: Sequence[Report]) -> list[Result]:
    return [
        Result(report.claim.id, report.claim.issue_id, report.outcome, report.at)
        for report in reports
        if isinstance(report.claim, ClaimedDelivery)
    ]
