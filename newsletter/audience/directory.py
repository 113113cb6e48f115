"""Looking subscribers up: counts, and pages of a filtered list."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from newsletter.models.subscriber import Status, Subscriber
from newsletter.paging import Page, fetch


def counts(session: Session) -> dict[Status, int]:
    """How many subscribers have each status, zeros included."""
    rows = session.execute(select(Subscriber.status, func.count()).group_by(Subscriber.status))
    numbers = dict(rows.all())
    return {status: numbers.get(status, 0) for status in Status}


def listing(session: Session, words: str, status: Status | None, number: int) -> Page[Subscriber]:
    """A page of the subscribers whose address or name contains ``words``, the newest first."""
    wanted = select(Subscriber)
    if status is not None:
        wanted = wanted.where(Subscriber.status == status)
    if text := words.strip().lower():
        wanted = wanted.where(
            or_(
                Subscriber.address_key.contains(text, autoescape=True),
                func.lower(Subscriber.name).contains(text, autoescape=True),
            )
        )
    return fetch(session, wanted.order_by(Subscriber.id.desc()), number)
