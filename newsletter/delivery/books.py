"""The sender's side of the database: each method is one short transaction."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.audience.subscriptions import depart
from newsletter.audience.suppression import suppress
from newsletter.db import Database
from newsletter.delivery import leases, ledger, quota, workers
from newsletter.delivery.balance import balance_of, is_finished
from newsletter.delivery.envelopes import Envelopes
from newsletter.delivery.ledger import Claimed
from newsletter.delivery.places import Places
from newsletter.delivery.policy import Settlement, settle
from newsletter.errors import Refused
from newsletter.models.delivery import Delivery, DeliveryState, Notice
from newsletter.models.feedback import FeedbackEvent, FeedbackKind
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Status, Subscriber, SuppressionReason
from newsletter.transports.base import Envelope, Outcome, Verdict

log = logging.getLogger(__name__)

ROWS: dict[str, leases.Row] = {"delivery": Delivery, "notice": Notice}


# Nothing became of it: it is as if it had not been begun.
PUT_BACK = {Verdict.REQUEUED, Verdict.THROTTLED, Verdict.BLOCKED}

Key = tuple[str, int]  # "delivery" or "notice", and the row's id


@dataclass(frozen=True, slots=True)
class Held:
    """A claimed message, with what the policy needs to judge its outcome."""

    key: Key
    attempts: int
    since: datetime
    state: DeliveryState
    claimed: Claimed | None = None  # of a delivery: its envelope is made when its turn comes
    envelope: Envelope | None = None  # of a notice


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a claimed message, to be recorded."""

    held: Held
    outcome: Outcome
    at: datetime


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
    ) -> None:
        """``per_day``: how many messages all workers may begin in a day; None: any number."""
        self._db = db
        self._per_day = per_day
        self._envelopes = envelopes
        self._home = home
        self._worker = worker
        self._places = Places()

    @property
    def is_quick(self) -> bool:
        """Whether a transaction takes so little time that nobody need wait for it apart."""
        return self._db.is_sqlite

    def claim(self, limit: int, now: datetime) -> list[Held]:
        """Lease what is due and may be begun today, notices first."""
        with self._db.write() as session:
            if self._per_day is not None:
                limit = min(limit, quota.left(session, self._per_day, now))
            notices = ledger.claim_notices(session, self._worker, limit, now)
            room = limit - len(notices)
            claimed = ledger.claim(session, self._worker, room, now, self._places)
            self._count(session, len(notices) + len(claimed), now)
            for issue_id in {c.issue_id for c in claimed}:
                self._envelopes.know(session, issue_id)
        held = [Held(("delivery", c.id), c.attempts, c.since, c.state, claimed=c) for c in claimed]
        return [*self._made(notices, now), *held] if notices else held

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
            with self._db.write_one() as connection:
                ledger.settle_sent(connection, sent, now)
            return
        put_back = sum(report.outcome.verdict in PUT_BACK for report in reports)
        with self._db.write() as session:
            self._count(session, -put_back, now)
            if sent:
                ledger.settle_sent(session.connection(), sent, now)
            for name, settlements in others.items():
                ledger.settle(session, ROWS[name], settlements, now)
            for report in reports:
                if report.outcome.verdict in (Verdict.DEAD, Verdict.BLOCKED):
                    _take_effect(session, report)

    def release(self, keys: Sequence[Key], now: datetime) -> None:
        """Give back what was claimed and not begun."""
        with self._db.write() as session:
            self._count(session, -len(keys), now)
            for name, row in ROWS.items():
                ids = [number for kind, number in keys if kind == name]
                if ids:
                    leases.release(session, row, self._worker, ids)

    def renew(self, keys: Sequence[Key], now: datetime) -> None:
        """Keep the leases of what is still being carried."""
        with self._db.write() as session:
            for name, row in ROWS.items():
                ids = [number for kind, number in keys if kind == name]
                if ids:
                    leases.renew(session, row, self._worker, ids, now)

    def free_the_dead(self) -> int:
        """End the leases of workers of this home that were killed."""
        with self._db.read() as session:
            holders = leases.leaseholders(session)
        gone = workers.dead(self._home, holders - {self._worker})
        if not gone:
            return 0
        with self._db.write() as session:
            freed = leases.reclaim(session, gone)
        log.warning("freed %d leases of killed workers", freed, extra={"event": "leases_freed"})
        return freed

    def close_finished(self, now: datetime) -> list[int]:
        """Close the issues that have nothing left to send, their balance checked."""
        with self._db.read() as session:
            sending = session.scalars(select(Issue).where(Issue.state == IssueState.SENDING)).all()
            finished = [issue.id for issue in sending if is_finished(session, issue)]
        for issue_id in finished:
            with self._db.write() as session:
                close(session, issue_id, now)
        return finished

    def is_leased_elsewhere(self, now: datetime) -> bool:
        """Whether another worker holds something of an open issue or a notice."""
        with self._db.read() as session:
            for row in ROWS.values():
                others = (
                    select(func.count())
                    .select_from(row)
                    .where(leases.LEASED[row], row.lease_until > now, row.worker != self._worker)
                )
                if session.scalar(others):
                    return True
        return False

    def pause(self, reason: str) -> None:
        """Stop every issue that is being sent, and say why."""
        with self._db.write() as session:
            for issue in session.scalars(select(Issue).where(Issue.state == IssueState.SENDING)):
                issue.state = IssueState.PAUSED
                issue.pause_reason = reason

    def _count(self, session: Session, begun: int, now: datetime) -> None:
        if self._per_day is not None:
            quota.use(session, begun, now)

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


def close(session: Session, issue_id: int, now: datetime) -> None:
    """Mark an issue as sent and keep its balance; a balance that does not hold is an error."""
    issue = session.get_one(Issue, issue_id, with_for_update=True)
    if issue.state is not IssueState.SENDING or not is_finished(session, issue):
        return
    balance = balance_of(session, issue)
    issue.state = IssueState.SENT
    issue.closed_at = now
    issue.balance = balance.as_dict() | {"holds": balance.holds}
    if balance.holds:
        log.info("issue %s closed: %s", issue.date, balance, extra={"event": "issue_closed"})
    else:
        log.error(
            "the balance of issue %s does not hold: %s",
            issue.date,
            balance,
            extra={"event": "balance_broken"},
        )


def _take_effect(session: Session, report: Report) -> None:
    """What an outcome means beyond its own row."""
    kind, number = report.held.key
    if kind != "delivery":
        return
    delivery = session.get_one(Delivery, number)
    if report.outcome.verdict is Verdict.BLOCKED:
        issue = session.get_one(Issue, delivery.issue_id)
        issue.state = IssueState.PAUSED
        issue.pause_reason = f"The mail server refuses us: {report.outcome.reply}"
        return
    subscriber = session.get(Subscriber, delivery.subscriber_id)
    if subscriber is None:
        return
    session.add(
        FeedbackEvent(
            provider="smtp",
            event_key=f"{delivery.id}.{delivery.attempts}",
            kind=FeedbackKind.HARD_BOUNCE,
            subscriber_id=subscriber.id,
            issue_id=delivery.issue_id,
            detail=report.outcome.reply,
            at=report.at,
        )
    )
    depart(session, subscriber, Status.BOUNCED, report.at)
    suppress(
        session,
        subscriber.address_hash,
        SuppressionReason.BOUNCE,
        report.at,
        report.outcome.reply,
    )
