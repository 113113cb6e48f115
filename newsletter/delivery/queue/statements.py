"""The ledger's statements. Those that are asked again and again are built once."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    String,
    bindparam,
    exists,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from newsletter.db import UTCDateTime
from newsletter.delivery.queue.any_of import among
from newsletter.delivery.queue.claim_cursor import BEHIND_CURSOR
from newsletter.models.delivery import Delivery, Notice
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Subscriber, Suppression


class DueRow(NamedTuple):
    """A row of DUE. (A row of SQLAlchemy's has these names, too, but takes 0.5 µs for each.)"""

    id: int
    issue_id: int
    attempts: int
    state: str  # an enum costs more to read than the rest
    not_before: datetime
    wave_at: datetime | None
    variant: int
    subscriber_id: int
    address: str
    name: str | None
    status: str | None  # None: the person was erased
    suppression_id: int | None


SENDING = (
    select(Issue.id, Issue.frozen_at)
    .where(Issue.state == IssueState.SENDING)
    .order_by(Issue.frozen_at)
)
DUE_NOTICES = (
    select(Notice.id)
    .where(
        text("notice.state IN ('pending', 'unknown')"),
        Notice.not_before <= bindparam("now"),
        or_(Notice.lease_until.is_(None), Notice.lease_until < bindparam("now")),
        Notice.kind.in_(bindparam("kinds", expanding=True)),
    )
    .order_by(Notice.not_before, Notice.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
# Whether there may be anything to do: for who asks again and again while there is not.
HAS_WORK = select(
    or_(
        exists().where(Issue.state == IssueState.SENDING),
        exists().where(
            text("notice.state IN ('pending', 'unknown')"),
            Notice.not_before <= bindparam("now"),
        ),
    )
)
COLUMNS: dict[str, ColumnElement[Any] | InstrumentedAttribute[Any]] = {
    "id": Delivery.id,
    "issue_id": Delivery.issue_id,
    "attempts": Delivery.attempts,
    "state": type_coerce(Delivery.state, String),
    "not_before": Delivery.not_before,
    "wave_at": Delivery.wave_at,
    "variant": Delivery.variant,
    "subscriber_id": Subscriber.id,
    "address": Subscriber.address,
    "name": Subscriber.name,
    "status": type_coerce(Subscriber.status, String),
    "suppression_id": Suppression.id,
}
DUE = (
    select(*(COLUMNS[name].label(name) for name in DueRow._fields))
    .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
    .outerjoin(Suppression, Suppression.address_hash == Subscriber.address_hash)
    .where(
        Delivery.issue_id == bindparam("issue"),
        # Written out, so that the index on the open rows is used.
        text("delivery.state IN ('pending', 'unknown')"),
        Delivery.not_before <= bindparam("now"),
        BEHIND_CURSOR,
        or_(Delivery.lease_until.is_(None), Delivery.lease_until < bindparam("now")),
    )
    .order_by(Delivery.not_before, Delivery.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=Delivery)
)
STANDING = select(Subscriber.id, type_coerce(Subscriber.status, String)).where(
    among(Subscriber.id, "readers")
)
TAKE_LEASES = (
    update(Delivery)
    .where(among(Delivery.id, "ids"))
    .values(lease_until=bindparam("until"), worker=bindparam("holder"))
)
_SENT = """
    UPDATE delivery
    SET state = 'sent', reason = 'sent', reply = replies.reply, attempts = attempts + 1,
        settled_at = :now, not_before = NULL, lease_until = NULL, worker = NULL
    FROM ({replies}) AS replies
    WHERE delivery.id = replies.id AND delivery.state <> 'sent'
"""
SENT_ON_SQLITE = _SENT.format(
    replies="SELECT CAST(key AS BIGINT) AS id, value AS reply FROM json_each(:replies)"
)
# Without its last line the planner may read the whole ledger: it cannot tell how few they are.
SENT_ON_POSTGRES = (
    _SENT.format(
        replies="SELECT unnest(CAST(:ids AS bigint[])) id, unnest(CAST(:replies AS text[])) reply"
    )
    + "AND delivery.id = ANY(CAST(:ids AS bigint[]))"
)
SETTLE_SENT_ON_SQLITE, SETTLE_SENT_ON_POSTGRES = (
    text(sql).bindparams(bindparam("now", type_=UTCDateTime()))
    for sql in (SENT_ON_SQLITE, SENT_ON_POSTGRES)
)
