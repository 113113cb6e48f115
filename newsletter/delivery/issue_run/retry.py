"""Trying again, on a curator's word, what the policy has given up.

The rows themselves are tried again, so that no reader is ever entered twice and
each message keeps its Message-ID. A dead or suppressed address, a reader who has
left, and one who was told of a post elsewhere meanwhile are not among them.
"""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, exists, func, select, update
from sqlalchemy.orm import Session

from newsletter.delivery.issue_run.post_exposure import heard_of, tellings
from newsletter.errors import Conflict
from newsletter.issues.calendar import refuse_withdrawn
from newsletter.models.delivery import ROWS_WITH_A_REASON, Delivery, DeliveryState, Retry
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Status, Subscriber, Suppression
from newsletter.transports.base import Verdict

FROZEN = (IssueState.SENDING, IssueState.PAUSED, IssueState.SENT)
MAY_ARRIVE_TWICE = (
    "Nobody knows whether these have arrived: who has the message may get it a second time, "
    "with the same Message-ID."
)


def count(session: Session, issue: Issue, unknown: bool = False, reason: str | None = None) -> int:
    """How many deliveries ``retry`` would try again."""
    chosen = _chosen(session, issue, unknown, reason)
    return session.scalar(select(func.count()).select_from(Delivery).where(*chosen)) or 0


def retry(
    session: Session,
    issue: Issue,
    now: datetime,
    unknown: bool = False,
    reason: str | None = None,
    by: str | None = None,
) -> int:
    """Make the failed deliveries of a frozen issue pending and due; returns how many.

    ``unknown``: those of unknown outcome instead, which stay unknown until a server
    says otherwise and may arrive twice. ``reason``: only those of this word of the
    ledger. ``by``: the curator's address, for the note that is kept. A closed issue
    is sending again. Raises Conflict for one that has not begun or is cancelled, and
    if there is nothing to try again, or its data were withdrawn.
    """
    refuse_withdrawn(issue)
    session.refresh(issue, ["state"], with_for_update=True)  # it may be closing just now
    if issue.state is IssueState.CANCELLED:
        raise Conflict(f"The issue of {issue.slot} is cancelled: nothing more of it is sent.")
    if issue.state not in FROZEN:
        raise Conflict(f"The issue of {issue.slot} has not begun: there is nothing to try again.")
    state = DeliveryState.UNKNOWN if unknown else DeliveryState.FAILED
    due = update(Delivery).where(*_chosen(session, issue, unknown, reason))
    result = session.execute(
        due.values(
            state=DeliveryState.UNKNOWN if unknown else DeliveryState.PENDING, not_before=now
        ).execution_options(synchronize_session=False)
    )
    number = cast(CursorResult[Any], result).rowcount
    if not number:
        raise Conflict(
            f"Nothing of the issue of {issue.slot} can be tried again: "
            "dead addresses and readers who have left are not."
        )
    session.add(Retry(issue_id=issue.id, at=now, state=state, reason=reason, number=number, by=by))
    if issue.state is IssueState.SENT:
        issue.state, issue.closed_at, issue.balance = IssueState.SENDING, None, {}
    return number


def retries(session: Session, issue: Issue) -> list[Retry]:
    """What was tried again on somebody's word, the latest first."""
    noted = select(Retry).where(Retry.issue_id == issue.id)
    return list(session.scalars(noted.order_by(Retry.at.desc(), Retry.id.desc())))


def _chosen(session: Session, issue: Issue, unknown: bool, reason: str | None) -> list[Any]:
    """The conditions on a delivery."""
    reader = exists().where(
        Subscriber.id == Delivery.subscriber_id,
        Subscriber.status == Status.ACTIVE,
        ~exists().where(Suppression.address_hash == Subscriber.address_hash),
    )
    mailings = tellings(session, [issue.post_id], besides=issue) if issue.post_id else []
    if mailings:
        reader = reader.where(~heard_of(mailings))
    chosen = [
        Delivery.issue_id == issue.id,
        ROWS_WITH_A_REASON,
        Delivery.state == (DeliveryState.UNKNOWN if unknown else DeliveryState.FAILED),
        Delivery.reason.is_distinct_from(Verdict.NO_SUCH_ADDRESS),
        Delivery.lease_until.is_(None),  # what is under way needs no word
        reader,
    ]
    return chosen if reason is None else [*chosen, Delivery.reason == reason]
