"""Looking subscribers up: counts, and pages of a filtered list."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from newsletter.models.subscriber import Status, Subscriber

PAGE = 50


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the subscribers that were asked for, and where it stands among them."""

    subscribers: list[Subscriber]
    total: int  # in all pages
    page: int  # from 1
    pages: int  # at least 1


def counts(session: Session) -> dict[Status, int]:
    """How many subscribers have each status, zeros included."""
    rows = session.execute(select(Subscriber.status, func.count()).group_by(Subscriber.status))
    numbers = dict(rows.all())
    return {status: numbers.get(status, 0) for status in Status}


def listing(session: Session, words: str, status: Status | None, page: int) -> Listing:
    """The subscribers whose address or name contains ``words``, the newest first.

    A page beyond the last is the last.
    """
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
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(page, 1), pages)
    rows = wanted.order_by(Subscriber.id.desc()).limit(PAGE).offset((page - 1) * PAGE)
    return Listing(list(session.scalars(rows)), total, page, pages)
