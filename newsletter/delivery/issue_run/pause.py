"""Stopping an issue by ourselves: it is paused, with the reason, and the curators are told."""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.queue.balance import balance_of
from newsletter.errors import Conflict
from newsletter.issues import calendar
from newsletter.issues.notices import alert_curators
from newsletter.models.issue import Issue, IssueState

log = logging.getLogger(__name__)


def halt(session: Session, issue: Issue, why: str, now: datetime) -> bool:
    """Pause ``issue``; of all who notice the same trouble one alerts. False: it was not
    being sent (any more). The ledger stays as it is."""
    try:
        calendar.pause(session, issue, why)
    except Conflict:
        return False
    log.warning("issue %s was paused", issue.slot, extra={"event": "issue_halted"})
    balance = balance_of(session, issue)
    so_far = f"{balance.sent:,} of {balance.candidates:,} readers have it."
    alert_curators(
        session,
        f"The issue of {issue.slot} was paused",
        [why, f"{so_far} Nothing more goes out until you resume it; nobody gets it twice."],
        path=f"/admin/issues/{issue.slot}/progress",
        once=f"paused {issue.id} {now.isoformat()}",
        now=now,
    )
    return True


def being_sent(session: Session) -> Sequence[Issue]:
    return session.scalars(select(Issue).where(Issue.state == IssueState.SENDING)).all()
