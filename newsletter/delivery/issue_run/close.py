"""The end of an issue: its balance is checked and kept; a cancelled one owes nobody."""

import logging
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.queue.balance import balance_of, is_finished
from newsletter.issues import calendar
from newsletter.issues.notices import alert_curators
from newsletter.models.delivery import Delivery
from newsletter.models.issue import Issue, IssueState

log = logging.getLogger(__name__)


def close(session: Session, issue_id: int, now: datetime) -> None:
    """Mark an issue as sent and keep its balance. One that does not hold is an error that
    the curators are told of."""
    issue = session.get_one(Issue, issue_id, with_for_update=True)
    if issue.state is not IssueState.SENDING or not is_finished(session, issue):
        return
    balance = balance_of(session, issue)
    issue.state = IssueState.SENT
    issue.closed_at = now
    issue.balance = balance.as_dict() | {"holds": balance.holds}
    if balance.holds:
        log.info("issue %s closed: %s", issue.slot, balance, extra={"event": "issue_closed"})
        return
    log.error(
        "the balance of issue %s does not hold: %s",
        issue.slot,
        balance,
        extra={"event": "balance_broken"},
    )
    alert_curators(
        session,
        f"The books of the issue of {issue.slot} DO NOT BALANCE",
        [balance.broken, "Somebody may have got nothing, or the ledger was changed by hand."],
        path=f"/admin/issues/{issue.slot}/progress",
        once=f"balance {issue.id}",
        now=now,
    )


def drop_cancelled(session: Session, deliveries: Collection[int], now: datetime) -> None:
    """Owe those no more that were in flight while their issue was cancelled, and came back."""
    cancelled = select(Issue.id).where(Issue.state == IssueState.CANCELLED)
    which = Delivery.id.in_(deliveries) & Delivery.issue_id.in_(cancelled)
    calendar.give_up(session, which, now)
