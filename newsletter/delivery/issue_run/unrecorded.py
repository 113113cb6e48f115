"""An outcome that the database refuses: its message is unknown, and the curators are told."""

from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.delivery.queue import ledger
from newsletter.delivery.queue.leases import Row
from newsletter.delivery.queue.retry_policy import Settlement
from newsletter.issues.notices import alert_curators
from newsletter.models.delivery import DeliveryState
from newsletter.models.issue import Issue

UNRECORDED = "unrecorded"  # the ledger's reason
REFUSED = "The database refused to record what became of it."  # not its words: they may be why
HOW_IT_GOES_ON = (
    "All else goes on. This one is marked as unknown and is not tried again by itself, as it may "
    "have arrived; the worker's log has the database's words."
)


def mark_unrecorded(
    session: Session, row: Row, row_id: int, issue_id: int | None, now: datetime
) -> None:
    """Settle a message that cannot be settled as it was reported. The curators are alerted
    once an issue, or once a day of what belongs to none."""
    settlement = Settlement(row_id, DeliveryState.UNKNOWN, None, True, UNRECORDED, REFUSED)
    ledger.settle(session, row, [settlement], now)
    if issue_id is None:
        subject, path = "The outcome of a notice could not be recorded", "/admin/"
        once = f"{UNRECORDED} {now.date()}"
    else:
        slot = session.get_one(Issue, issue_id).slot
        subject = f"The outcome of a delivery of the issue of {slot} could not be recorded"
        path, once = f"/admin/issues/{slot}/progress", f"{UNRECORDED} {issue_id}"
    alert_curators(session, subject, [REFUSED, HOW_IT_GOES_ON], path=path, once=once, now=now)
