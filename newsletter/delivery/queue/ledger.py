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

from sqlalchemy import (
    Connection,
    String,
    bindparam,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import Session

from newsletter.db import UTCDateTime
from newsletter.delivery.issue_run import recipients
from newsletter.delivery.issue_run.post_exposure import variants
from newsletter.delivery.issue_run.timezone_waves import moment_of_reader
from newsletter.delivery.queue.any_of import among
from newsletter.delivery.queue.claim_cursor import BEHIND, Places
from newsletter.delivery.queue.leases import LEASE, Row
from newsletter.delivery.queue.retry_policy import Settlement
from newsletter.issues.schedule import Waves
from newsletter.models.delivery import Delivery, DeliveryState, Notice
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Status, Subscriber, Suppression


class Claimed(NamedTuple):
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


def enter(session: Session, issue: Issue, now: datetime, waves: Waves | None = None) -> int:
    """Write a row for each candidate of ``issue``; returns how many there are.

    Candidates are those of ``recipients.wanted``; those whose address is
    suppressed are entered as excluded. Each is due at the wave of their time
    zone, but not before ``now``; without ``waves`` all are due now. Of the posts
    in its round-up each is told only those that they were not mailed.
    """
    suppressed = Suppression.id.is_not(None)
    at_once = literal(now, UTCDateTime())
    begin = moment_of_reader(waves, now) if waves else at_once
    rows = (
        select(
            literal(issue.id),
            Subscriber.id,
            case((suppressed, DeliveryState.EXCLUDED.value), else_=DeliveryState.PENDING.value),
            case((suppressed, None), else_=begin),
            func.nullif(begin, at_once),
            literal(0),
            case((suppressed, "suppressed")),
        )
        .outerjoin(Suppression, Suppression.address_hash == Subscriber.address_hash)
        .where(recipients.wanted(session, issue))
    )
    columns = ["issue_id", "subscriber_id", "state", "not_before", "wave_at", "attempts", "reason"]
    if (told := variants(session, issue)) is not None:
        rows = rows.outerjoin(told, told.c.subscriber_id == Subscriber.id)
        rows = rows.add_columns(func.coalesce(told.c.variant, 0))
        columns.append("variant")
    # The statement's own count: a second look could see who has confirmed meanwhile.
    entry = insert(Delivery).from_select(columns, rows)
    return (
        session.connection().execute(entry, execution_options={"preserve_rowcount": True}).rowcount
    )


def claim(
    session: Session, worker: str, limit: int, now: datetime, places: Places | None = None
) -> list[Claimed]:
    """Lease up to ``limit`` deliveries that are due, of issues that are being sent.

    A candidate who has left or whose address was suppressed since the issue
    froze is excluded on the way, never returned.
    """
    connection = session.connection()
    places = places or Places()
    claimed: list[Claimed] = []
    for issue_id, frozen_at in connection.execute(_SENDING).all():
        while len(claimed) < limit:
            told = {"now": now, "most": limit - len(claimed)}
            due = places.due(connection, _DUE, issue_id, told)
            if not due:
                break
            admitted = _admit(connection, due, frozen_at or now, now)
            lease = {"until": now + LEASE, "holder": worker, "ids": [c.id for c in admitted]}
            connection.execute(_LEASE, lease)
            claimed += admitted
    return claimed


def claim_notices(session: Session, worker: str, limit: int, now: datetime) -> list[Notice]:
    """Lease up to ``limit`` notices that are due, oldest first."""
    due = session.connection().execute(_DUE_NOTICES, {"now": now, "most": limit}).scalars().all()
    if not due:
        return []
    notices = list(session.scalars(select(Notice).where(Notice.id.in_(due))))
    for notice in notices:
        notice.lease_until, notice.worker = now + LEASE, worker
    session.flush()
    return sorted(notices, key=lambda notice: notice.id)


def still_wanted(session: Session, claimed: Collection[Claimed]) -> set[int]:
    """The ids of those whose reader is still subscribed and whose issue is still being sent."""
    readers = {c.subscriber_id for c in claimed}
    # Their status is asked for, not filtered by: a planner without statistics would rather
    # read all who are active than these few.
    stay = {
        reader
        for reader, status in session.execute(_STANDING, {"readers": readers})
        if status == Status.ACTIVE
    }
    sending = set(session.scalars(select(Issue.id).where(Issue.state == IssueState.SENDING)))
    return {c.id for c in claimed if c.subscriber_id in stay and c.issue_id in sending}


def settle(session: Session, row: Row, settlements: Sequence[Settlement], now: datetime) -> None:
    """Record the outcomes of claimed messages and end their leases.

    What was sent stays sent: a worker that lost its lease may report after the
    one that took the message over.
    """
    _settle(session.connection(), row, settlements, now)


def _settle(
    connection: Connection, row: Row, settlements: Sequence[Settlement], now: datetime
) -> None:
    if not settlements:
        return
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
    connection.execute(
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


def settle_sent(connection: Connection, replies: Mapping[int, str], now: datetime) -> None:
    """Record that these deliveries were sent, each with the server's reply: the same as
    ``settle``, in one statement however many there are."""
    if connection.dialect.name == "sqlite":
        told: dict[str, Any] = {"replies": json.dumps(replies)}
        connection.execute(_SENT_ON_SQLITE, told | {"now": now})
    else:
        told = {"ids": list(replies), "replies": list(replies.values())}
        connection.execute(_SENT_ON_POSTGRES, told | {"now": now})


def _admit(
    connection: Connection, due: Sequence[Any], since: datetime, now: datetime
) -> list[Claimed]:
    """Of the rows of _DUE, those that may be sent; the others are excluded, with why."""
    admitted: list[Claimed] = []
    dropped: list[Settlement] = []
    for key, issue, tried, state, at, wave, variant, reader, address, name, status, barred in due:
        if status == Status.ACTIVE and barred is None:
            owed, known = wave or since, DeliveryState(state)
            to_whom = (reader, address, name)
            admitted.append(Claimed(key, issue, *to_whom, tried, owed, known, at > owed, variant))
            continue
        why = "suppressed" if barred else status or "erased"
        # What may have been sent stays unknown; it is only not tried again.
        final = DeliveryState.UNKNOWN if state == DeliveryState.UNKNOWN else DeliveryState.EXCLUDED
        dropped.append(Settlement(key, final, None, False, why, ""))
    _settle(connection, Delivery, dropped, now)
    return admitted


# Statements that are asked again and again are built once.
_SENDING = (
    select(Issue.id, Issue.frozen_at)
    .where(Issue.state == IssueState.SENDING)
    .order_by(Issue.frozen_at)
)
_DUE_NOTICES = (
    select(Notice.id)
    .where(
        text("notice.state IN ('pending', 'unknown')"),
        Notice.not_before <= bindparam("now"),
        or_(Notice.lease_until.is_(None), Notice.lease_until < bindparam("now")),
    )
    .order_by(Notice.not_before, Notice.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_DUE = (
    select(
        Delivery.id,
        Delivery.issue_id,
        Delivery.attempts,
        type_coerce(Delivery.state, String),  # an enum costs more to read than the rest
        Delivery.not_before,
        Delivery.wave_at,
        Delivery.variant,
        Subscriber.id,
        Subscriber.address,
        Subscriber.name,
        type_coerce(Subscriber.status, String),
        Suppression.id,
    )
    .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
    .outerjoin(Suppression, Suppression.address_hash == Subscriber.address_hash)
    .where(
        Delivery.issue_id == bindparam("issue"),
        # Written out, so that the index on the open rows is used.
        text("delivery.state IN ('pending', 'unknown')"),
        Delivery.not_before <= bindparam("now"),
        BEHIND,
        or_(Delivery.lease_until.is_(None), Delivery.lease_until < bindparam("now")),
    )
    .order_by(Delivery.not_before, Delivery.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=Delivery)
)
_STANDING = select(Subscriber.id, type_coerce(Subscriber.status, String)).where(
    among(Subscriber.id, "readers")
)
_LEASE = (
    update(Delivery)
    .where(among(Delivery.id, "ids"))
    .values(lease_until=bindparam("until"), worker=bindparam("holder"))
)
_SENT = """
    UPDATE delivery
    SET state = 'sent', reason = 'sent', reply = told.reply, attempts = attempts + 1,
        settled_at = :now, not_before = NULL, lease_until = NULL, worker = NULL
    FROM ({told}) AS told
    WHERE delivery.id = told.id AND delivery.state <> 'sent'
"""
SENT_ON_SQLITE = _SENT.format(
    told="SELECT CAST(key AS BIGINT) AS id, value AS reply FROM json_each(:replies)"
)
# Without its last line the planner may read the whole ledger: it cannot tell how few they are.
SENT_ON_POSTGRES = (
    _SENT.format(
        told="SELECT unnest(CAST(:ids AS bigint[])) id, unnest(CAST(:replies AS text[])) reply"
    )
    + "AND delivery.id = ANY(CAST(:ids AS bigint[]))"
)
_SENT_ON_SQLITE, _SENT_ON_POSTGRES = (
    text(sql).bindparams(bindparam("now", type_=UTCDateTime()))
    for sql in (SENT_ON_SQLITE, SENT_ON_POSTGRES)
)
