"""Entering the candidates of an issue in the ledger, at the moment it freezes."""

from datetime import datetime

from sqlalchemy import case, func, insert, literal, select
from sqlalchemy.orm import Session

from newsletter.db import UTCDateTime
from newsletter.delivery.issue_run import recipients
from newsletter.delivery.issue_run.post_exposure import variants
from newsletter.delivery.issue_run.timezone_waves import moment_of_reader
from newsletter.issues.schedule import Waves
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.issue import Issue
from newsletter.models.subscriber import Subscriber, Suppression


def enrol(session: Session, issue: Issue, now: datetime, waves: Waves | None = None) -> int:
    """Write a row for each candidate of ``issue``; returns how many there are.

    Candidates are those of ``recipients.wanted``; those whose address is
    suppressed are entered as excluded. Each is due at the wave of their time
    zone, but not before ``now``; without ``waves`` all are due now. Of the posts
    in its round-up each is mailed only those that they were not mailed before.
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
    if (listed := variants(session, issue)) is not None:
        rows = rows.outerjoin(listed, listed.c.subscriber_id == Subscriber.id)
        rows = rows.add_columns(func.coalesce(listed.c.variant, 0))
        columns.append("variant")
    # The statement's own count: a second look could see who has confirmed meanwhile.
    entry = insert(Delivery).from_select(columns, rows)
    return (
        session.connection().execute(entry, execution_options={"preserve_rowcount": True}).rowcount
    )
