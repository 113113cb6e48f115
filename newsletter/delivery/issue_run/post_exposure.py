"""Who was told of a post, so that nobody is told of it twice: by a mail of its own, or in
the round-up of a Monday issue, whatever they chose meanwhile.

A delivery tells its reader of a post if it was sent, may have been, or is still owed.
"""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Subquery, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from newsletter.models.delivery import OPEN_ROWS, SENT_ROWS, Delivery, DeliveryState
from newsletter.models.issue import Issue, IssuePost, Kind
from newsletter.models.subscriber import Subscriber

TELLING = (DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.PENDING)


class Telling(NamedTuple):
    """An issue that tells of a post."""

    post_id: int
    issue_id: int
    number: int | None  # the post's in its round-up; None: it is the post's own mailing


def tellings(session: Session, posts: Collection[int], besides: Issue) -> list[Telling]:
    """The frozen issues that tell of these posts, without one."""
    mailings = select(Issue.post_id, Issue.id, literal(None)).where(
        Issue.kind == Kind.POST,
        Issue.post_id.in_(posts),
        Issue.frozen_at.is_not(None),
        Issue.id != besides.id,
    )
    listings = select(IssuePost.post_id, IssuePost.issue_id, IssuePost.number).where(
        IssuePost.post_id.in_(posts), IssuePost.issue_id != besides.id
    )
    return [Telling(*row) for select_ in (mailings, listings) for row in session.execute(select_)]


def heard_of(mailings: Collection[Telling]) -> ColumnElement[bool]:
    """Whether a subscriber was told by one of these."""
    theirs = aliased(Delivery)
    exposures = [
        and_(theirs.issue_id == telling.issue_id, _tells(theirs, telling)) for telling in mailings
    ]
    rows = select(theirs.id).where(
        theirs.subscriber_id == Subscriber.id, theirs.state.in_(TELLING), or_(*exposures)
    )
    return rows.exists()


def variants(session: Session, issue: Issue) -> Subquery | None:
    """What ``Delivery.variant`` of a Monday issue is, for each ``subscriber_id`` for whom it is
    not 0; None: for nobody."""
    listed = select(IssuePost.post_id, IssuePost.number).where(IssuePost.issue_id == issue.id)
    numbers: dict[int, int] = dict(session.execute(listed).all())
    earlier = tellings(session, numbers, besides=issue) if numbers else []
    if not earlier:
        return None
    bits = union_all(*_bits(earlier, numbers)).subquery()
    # Distinct bits add up to their union, however often somebody was told.
    variant = func.sum(bits.c.bit.distinct()).label("variant")
    return select(bits.c.subscriber_id, variant).group_by(bits.c.subscriber_id).subquery()


def variants_owed(session: Session, issue: Issue) -> list[int]:
    """The variants besides 0 that readers of ``issue`` are owed."""
    owed = select(Delivery.variant).where(
        Delivery.issue_id == issue.id, OPEN_ROWS, Delivery.variant != 0
    )
    return sorted(session.scalars(owed.distinct()))


def _bits(earlier: Collection[Telling], numbers: dict[int, int]) -> Iterator[Any]:
    """For each telling its readers, each with the bit of the post: from the indexes."""
    for telling in earlier:
        bit = literal(1 << numbers[telling.post_id]).label("bit")
        readers = select(Delivery.subscriber_id, bit).where(
            Delivery.issue_id == telling.issue_id, _tells(Delivery, telling)
        )
        yield readers.where(SENT_ROWS)
        yield readers.where(OPEN_ROWS)


def _tells(delivery: type[Delivery], telling: Telling) -> ColumnElement[bool]:
    """Whether the message that its reader got of the issue has the post in it."""
    if telling.number is None:
        return literal(True)
    return delivery.variant.bitwise_and(1 << telling.number) == 0
