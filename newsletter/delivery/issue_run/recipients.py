"""Whom an issue is for."""

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from newsletter.delivery.issue_run.post_exposure import heard_of, tellings
from newsletter.issues.corrections import originals
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.issue import Issue, Kind
from newsletter.models.subscriber import Cadence, Status, Subscriber


def count(session: Session, issue: Issue) -> int:
    """How many candidates there would be now."""
    rows = select(func.count()).select_from(Subscriber).where(wanted(session, issue))
    return session.scalar(rows) or 0


def wanted(session: Session, issue: Issue) -> ColumnElement[bool]:
    """Whether a subscriber is a candidate for ``issue``: active, and with a cadence that
    includes its kind. For a post, who was not told of it before; for a correction, whoever was
    sent an issue on a version that was wrong, or may have been, whatever their cadence is now.
    """
    active = Subscriber.status == Status.ACTIVE
    match issue.kind:
        case Kind.REGULAR:
            return active
        case Kind.POST:
            daily = active & (Subscriber.cadence == Cadence.DAILY)
            mailings = tellings(session, [issue.post_id], besides=issue) if issue.post_id else []
            return daily & ~heard_of(mailings) if mailings else daily
        case Kind.CORRECTION:
            theirs = aliased(Delivery)
            had_it = select(theirs.id).where(
                theirs.subscriber_id == Subscriber.id,
                theirs.issue_id.in_([original.id for original in originals(session, issue)]),
                theirs.state.in_((DeliveryState.SENT, DeliveryState.UNKNOWN)),
            )
            return active & had_it.exists()
