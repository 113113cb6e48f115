"""The ledger: who is owed an issue, who is being sent it, what became of it.

A row is *claimed* (a lease, committed before the network is touched) and
*settled* (its outcome, committed before the same connection ends its next
message). A lease that ran out, or whose worker is known to be dead, is
claimed again. Nothing else ever changes a row of a frozen issue, except
leaving: see audience.subscriptions.

Deliveries and notices are claimed and settled alike.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    bindparam,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import Session

from newsletter.delivery.policy import Settlement
from newsletter.models.delivery import Delivery, DeliveryState, Notice
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.models.subscriber import Cadence, Status, Subscriber, Suppression

LEASE = timedelta(minutes=2)
OPEN = (DeliveryState.PENDING, DeliveryState.UNKNOWN)

Row = type[Delivery] | type[Notice]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker alone may send until its lease ends."""

    id: int
    issue_id: int
    subscriber_id: int
    address: str
    name: str | None
    attempts: int
    since: datetime  # when its issue froze


@dataclass(frozen=True, slots=True)
class Balance:
    """Where the candidates of an issue are."""

    candidates: int
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    excluded: int = 0
    pending: int = 0

    @property
    def holds(self) -> bool:
        settled = self.sent + self.failed + self.unknown + self.excluded
        return self.candidates == settled + self.pending

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def enter(session: Session, issue: Issue, now: datetime) -> int:
    """Write a row for each candidate of ``issue``; returns how many there are.

    Candidates are the active subscribers whose cadence includes the issue's
    kind; those whose address is suppressed are entered as excluded.
    """
    wanted = [Subscriber.status == Status.ACTIVE]
    if issue.kind is Kind.POST:
        wanted.append(Subscriber.cadence == Cadence.DAILY)
    suppressed = Suppression.id.is_not(None)
    rows = (
        select(
            literal(issue.id),
            Subscriber.id,
            case((suppressed, DeliveryState.EXCLUDED.value), else_=DeliveryState.PENDING.value),
            case((suppressed, None), else_=bindparam("now", now, type_=Delivery.not_before.type)),
            literal(0),
            case((suppressed, "suppressed")),
        )
        .outerjoin(Suppression, Suppression.address_hash == Subscriber.address_hash)
        .where(*wanted)
    )
    columns = ("issue_id", "subscriber_id", "state", "not_before", "attempts", "reason")
    # The statement's own count: a second look could see who has confirmed meanwhile.
    entry = insert(Delivery).from_select(columns, rows)
    return (
        session.connection().execute(entry, execution_options={"preserve_rowcount": True}).rowcount
    )


def claim(session: Session, worker: str, limit: int, now: datetime) -> list[Claimed]:
    """Lease up to ``limit`` deliveries that are due, of issues that are being sent.

    A candidate who has left or whose address was suppressed since the issue
    froze is excluded on the way, never returned.
    """
    claimed: list[Claimed] = []
    sending = select(Issue.id, Issue.frozen_at).where(Issue.state == IssueState.SENDING)
    for issue_id, frozen_at in session.execute(sending.order_by(Issue.frozen_at)).all():
        while len(claimed) < limit:
            taken = _lease(
                session, Delivery, worker, limit - len(claimed), now, Delivery.issue_id == issue_id
            )
            if not taken:
                break
            claimed += _admit(session, taken, frozen_at or now, now)
    return claimed


def claim_notices(session: Session, worker: str, limit: int, now: datetime) -> list[Notice]:
    """Lease up to ``limit`` notices that are due, oldest first."""
    taken = _lease(session, Notice, worker, limit, now)
    return list(session.scalars(select(Notice).where(Notice.id.in_(taken)).order_by(Notice.id)))


def still_wanted(session: Session, ids: Collection[int]) -> set[int]:
    """Those of the claimed deliveries whose reader is still subscribed and whose
    issue is still being sent."""
    rows = (
        select(Delivery.id)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .join(Issue, Issue.id == Delivery.issue_id)
        .where(
            Delivery.id.in_(ids),
            Subscriber.status == Status.ACTIVE,
            Issue.state == IssueState.SENDING,
        )
    )
    return set(session.scalars(rows))


def settle(session: Session, row: Row, settlements: Sequence[Settlement], now: datetime) -> None:
    """Record the outcomes of claimed messages and end their leases.

    What was sent stays sent: a worker that lost its lease may report after the
    one that took the message over.
    """
    table = cast("SqlTable", row.__table__)
    statement = (
        update(table)
        .where(table.c.id == bindparam("key"), table.c.state != DeliveryState.SENT)
        .values(
            state=bindparam("to_state"),
            not_before=bindparam("again"),
            reason=bindparam("why"),
            reply=bindparam("said"),
            attempts=table.c.attempts + bindparam("tried"),
            settled_at=bindparam("at"),
            lease_until=None,
            worker=None,
        )
    )
    session.connection().execute(
        statement,
        [
            {
                "key": s.id,
                "to_state": s.state,
                "again": s.not_before,
                "why": s.reason,
                "said": s.reply,
                "tried": int(s.tried),
                "at": now,
            }
            for s in settlements
        ],
    )


def release(session: Session, row: Row, worker: str, ids: Collection[int]) -> None:
    """Give messages that ``worker`` still holds back untouched."""
    held = update(row).where(row.id.in_(ids), row.worker == worker)
    session.execute(held.values(lease_until=None, worker=None))


def renew(session: Session, row: Row, worker: str, ids: Collection[int], now: datetime) -> None:
    """Lengthen the leases of messages that ``worker`` still holds."""
    held = update(row).where(row.id.in_(ids), row.worker == worker)
    session.execute(held.values(lease_until=now + LEASE))


def reclaim(session: Session, dead: Collection[str]) -> int:
    """End the leases of workers that are known to be dead; returns how many."""
    freed = 0
    for row in (Delivery, Notice):
        leased = update(row).where(row.lease_until.is_not(None), row.worker.in_(dead))
        ended = session.execute(leased.values(lease_until=None, worker=None))
        freed += cast(CursorResult[None], ended).rowcount
    return freed


def leaseholders(session: Session) -> set[str]:
    """The workers that hold a lease on anything now."""
    held: set[str] = set()
    for row in (Delivery, Notice):
        held.update(
            w
            for w in session.scalars(select(row.worker).where(row.worker.is_not(None)).distinct())
            if w is not None
        )
    return held


def balance(session: Session, issue: Issue) -> Balance:
    """The ledger's count of ``issue`` by state, beside its candidates."""
    counts: dict[str, int] = {}
    rows = select(Delivery.state, func.count()).where(Delivery.issue_id == issue.id)
    for state, count in session.execute(rows.group_by(Delivery.state)):
        counts[state.value] = count
    return Balance(candidates=issue.candidates, **counts)


def is_finished(session: Session, issue: Issue) -> bool:
    """Whether no delivery of ``issue`` will be tried again."""
    open_rows = select(Delivery.id).where(
        Delivery.issue_id == issue.id,
        Delivery.state.in_(OPEN),
        Delivery.not_before.is_not(None),
    )
    return session.scalar(open_rows.limit(1)) is None


def _lease(
    session: Session, row: Row, worker: str, limit: int, now: datetime, *where: ColumnElement[bool]
) -> list[int]:
    due = (  # looked up once: in a subquery, a plan may look again and lease more
        select(row.id)
        .where(
            row.state.in_(OPEN),
            row.not_before <= now,
            or_(row.lease_until.is_(None), row.lease_until < now),
            *where,
        )
        .order_by(row.not_before, row.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    leased = (
        update(row)
        .where(row.id.in_(select(due.c.id)))
        .values(lease_until=now + LEASE, worker=worker)
        .returning(row.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(session.scalars(leased))


def _admit(session: Session, ids: Sequence[int], since: datetime, now: datetime) -> list[Claimed]:
    """The claimed deliveries that may be sent; the others are excluded, with why."""
    rows = session.execute(
        select(
            Delivery.id,
            Delivery.issue_id,
            Delivery.attempts,
            Delivery.state,
            Subscriber.id,
            Subscriber.address,
            Subscriber.name,
            Subscriber.status,
            Suppression.id.is_not(None),
        )
        .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .outerjoin(Suppression, Suppression.address_hash == Subscriber.address_hash)
        .where(Delivery.id.in_(ids))
        .order_by(Delivery.id)
    )
    admitted: list[Claimed] = []
    dropped: list[Settlement] = []
    for key, issue_id, attempts, state, subscriber_id, address, name, status, barred in rows:
        if status == Status.ACTIVE and not barred:
            admitted.append(Claimed(key, issue_id, subscriber_id, address, name, attempts, since))
            continue
        left_as = cast(Status | None, status)  # an outer join: None for an erased person
        why = "suppressed" if barred else left_as.value if left_as else "erased"
        # What may have been sent stays unknown; it is only not tried again.
        final = state if state == DeliveryState.UNKNOWN else DeliveryState.EXCLUDED
        dropped.append(Settlement(key, final, None, False, why, ""))
    if dropped:
        settle(session, Delivery, dropped, now)
    return admitted
