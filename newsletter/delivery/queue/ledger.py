"""The ledger: who is owed an issue, who is being sent it, what became of it.

A row is *claimed* (a lease, committed before the network is touched) and
*settled* (its outcome, committed before the same connection ends its next
message). A lease that ran out, or whose worker is known to be dead, is
claimed again. Nothing else ever changes a row of a frozen issue, except
leaving: see audience.subscriptions.

Deliveries and notices are claimed and settled alike.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import Session

from newsletter.delivery.queue import leases
from newsletter.delivery.queue.any_of import among
from newsletter.delivery.queue.claim_cursor import ClaimCursor
from newsletter.delivery.queue.leases import LEASE, Row
from newsletter.delivery.queue.retry_policy import Settlement
from newsletter.delivery.queue.statements import (
    DUE,
    DUE_NOTICES,
    SENDING,
    SETTLE_SENT_ON_POSTGRES,
    SETTLE_SENT_ON_SQLITE,
    STANDING,
    TAKE_LEASES,
    DueRow,
)
from newsletter.models.delivery import OPEN_ROWS, Delivery, DeliveryState, Notice, NoticeKind
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Status

Key = tuple[str, int]  # "delivery" or "notice", and the row's id


class ClaimedDelivery(NamedTuple):
    """A delivery that this worker alone may send until its lease ends."""

    id: int
    issue_id: int
    subscriber_id: int
    address: str
    name: str | None
    attempts: int
    since: datetime  # when its issue froze, or its wave was due if this was later
    state: DeliveryState  # pending or unknown
    is_retry: bool  # whether it was tried, or put off, before
    variant: int  # of the message: see Delivery.variant

    @property
    def key(self) -> Key:
        return ("delivery", self.id)


def claim(
    session: Session, worker: str, limit: int, now: datetime, cursor: ClaimCursor | None = None
) -> list[ClaimedDelivery]:
    """Lease up to ``limit`` deliveries that are due, of issues that are being sent.

    A candidate who has left or whose address was suppressed since the issue
    froze is excluded on the way, never returned.
    """
    connection = session.connection()
    cursor = cursor or ClaimCursor()
    claimed: list[ClaimedDelivery] = []
    for issue_id, frozen_at in connection.execute(SENDING).all():
        while len(claimed) < limit:
            due = cursor.due(connection, DUE, issue_id, now, limit - len(claimed))
            if not due:
                break
            admitted = _admit(connection, due, frozen_at or now, now)
            lease = {"until": now + LEASE, "holder": worker, "ids": [c.id for c in admitted]}
            connection.execute(TAKE_LEASES, lease)
            claimed += admitted
    return claimed


def claim_notices(
    session: Session,
    worker: str,
    limit: int,
    now: datetime,
    kinds: Collection[NoticeKind] = tuple(NoticeKind),
) -> list[Notice]:
    """Lease up to ``limit`` notices of ``kinds`` that are due, oldest first."""
    due = _due_notices(session, limit, now, kinds)
    if not due:
        return []
    notices = list(session.scalars(select(Notice).where(Notice.id.in_(due))))
    for notice in notices:
        notice.lease_until, notice.worker = now + LEASE, worker
    session.flush()
    return sorted(notices, key=lambda notice: notice.id)


def is_notice_due(session: Session, now: datetime, kinds: Collection[NoticeKind]) -> bool:
    """Whether a notice of ``kinds`` could be claimed."""
    return bool(_due_notices(session, 1, now, kinds))


def _due_notices(
    session: Session, limit: int, now: datetime, kinds: Collection[NoticeKind]
) -> Sequence[int]:
    if limit <= 0:
        return []
    parameters = {"now": now, "most": limit, "kinds": list(kinds)}
    return session.connection().execute(DUE_NOTICES, parameters).scalars().all()


class Standing(NamedTuple):
    """What may become of claimed messages, by their ids."""

    may_end: set[int]  # the worker holds it still, and its reader has not left
    may_begin: set[int]  # and its issue is still being sent


def standing(session: Session, worker: str, claimed: Collection[ClaimedDelivery]) -> Standing:
    """Which of the deliveries that ``worker`` claimed may still be handed over."""
    ours = leases.held(session, Delivery, worker, [c.id for c in claimed])
    readers = {c.subscriber_id for c in claimed}
    # Their status is asked for, not filtered by: a planner without statistics would rather
    # read all who are active than these few.
    stay = {
        reader
        for reader, status in session.execute(STANDING, {"readers": readers})
        if status == Status.ACTIVE
    }
    sending = set(session.scalars(select(Issue.id).where(Issue.state == IssueState.SENDING)))
    may_end = {c.id for c in claimed if c.id in ours and c.subscriber_id in stay}
    return Standing(may_end, {c.id for c in claimed if c.id in may_end and c.issue_id in sending})


def is_owed(session: Session, now: datetime, until: datetime) -> bool:
    """Whether a delivery of an issue that is being sent is due later, ``until`` then."""
    later = select(Delivery.id).where(
        Delivery.issue_id.in_(select(Issue.id).where(Issue.state == IssueState.SENDING)),
        OPEN_ROWS,
        Delivery.not_before > now,
        Delivery.not_before <= until,
    )
    return session.scalar(later.limit(1)) is not None


def settle(
    session: Session,
    row: Row,
    settlements: Sequence[Settlement],
    now: datetime,
    worker: str | None = None,
) -> frozenset[int]:
    """Record the outcomes of claimed messages and end their leases.

    What was sent stays sent: a worker that lost its lease may report after the
    one that took the message over. Whatever else it reports then is not recorded,
    nor of a claim that a crash of the database forgot: the message is tried again.
    ``worker`` None: whoever holds them. Returns the ids of what was recorded.
    """
    recorded = list(settlements)
    if worker is not None:
        others = [s.id for s in settlements if s.state is not DeliveryState.SENT]
        leased = _leased(session, row, worker, others)
        recorded = [s for s in settlements if s.state is DeliveryState.SENT or s.id in leased]
    _settle(session.connection(), row, recorded, now)
    if row is Notice:
        _forget_text(session, [s.id for s in recorded if s.not_before is None])
    return frozenset(s.id for s in recorded)


def _leased(session: Session, row: Row, worker: str, ids: Sequence[int]) -> set[int]:
    """Those that the worker still has a lease on, which nobody can take until the commit."""
    if not ids:
        return set()
    statement = select(row.id).where(among(row.id, ids), row.worker == worker)
    return set(session.scalars(statement.with_for_update()))


def _forget_text(session: Session, ids: Sequence[int]) -> None:
    """What was said is not needed any more, once it was mailed or given up."""
    over = update(Notice).where(among(Notice.id, ids), Notice.not_before.is_(None))
    session.execute(over.values(subject="", lines=[], path=""))


def _settle(
    connection: Connection,
    row: Row,
    settlements: Sequence[Settlement],
    now: datetime,
) -> None:
    if not settlements:
        return
    table = cast("SqlTable", row.__table__)
    statement = (
        update(table)
        .where(table.c.id == bindparam("row_id"), table.c.state != DeliveryState.SENT)
        .values(
            state=bindparam("new_state"),
            not_before=bindparam("next_try"),
            reason=bindparam("new_reason"),
            reply=bindparam("new_reply"),
            attempts=table.c.attempts + bindparam("tries"),
            settled_at=bindparam("now"),
            lease_until=None,
            worker=None,
        )
    )
    connection.execute(
        statement,
        [
            {
                "row_id": s.id,
                "new_state": s.state,
                "next_try": s.not_before,
                "new_reason": s.reason,
                "new_reply": s.reply,
                "tries": int(s.tried),
                "now": now,
            }
            for s in settlements
        ],
    )


def settle_sent(connection: Connection, replies: Mapping[int, str], now: datetime) -> None:
    """Record that these deliveries were sent, each with the server's reply: the same as
    ``settle``, in one statement however many there are."""
    parameters: dict[str, Any]
    if connection.dialect.name == "sqlite":
        parameters = {"replies": json.dumps(replies), "now": now}
        connection.execute(SETTLE_SENT_ON_SQLITE, parameters)
    else:
        parameters = {"ids": list(replies), "replies": list(replies.values()), "now": now}
        connection.execute(SETTLE_SENT_ON_POSTGRES, parameters)


def _admit(
    connection: Connection, due: Sequence[Any], frozen_at: datetime, now: datetime
) -> list[ClaimedDelivery]:
    """Of the rows of DUE, those that may be sent; the others are excluded, with why."""
    admitted: list[ClaimedDelivery] = []
    excluded: list[Settlement] = []
    for row in map(DueRow._make, due):
        if row.status == Status.ACTIVE and row.suppression_id is None:
            admitted.append(_claimed(row, since=row.wave_at or frozen_at))
            continue
        why = "suppressed" if row.suppression_id else row.status or "erased"
        # What may have been sent stays unknown; it is only not tried again.
        is_unknown = row.state == DeliveryState.UNKNOWN
        final = DeliveryState.UNKNOWN if is_unknown else DeliveryState.EXCLUDED
        excluded.append(Settlement(row.id, final, None, False, why, ""))
    _settle(connection, Delivery, excluded, now)
    return admitted


def _claimed(row: DueRow, since: datetime) -> ClaimedDelivery:
    return ClaimedDelivery(
        id=row.id,
        issue_id=row.issue_id,
        subscriber_id=row.subscriber_id,
        address=row.address,
        name=row.name,
        attempts=row.attempts,
        since=since,
        state=DeliveryState(row.state),
        is_retry=row.not_before > since,
        variant=row.variant,
    )
