"""The week's round-up: the posts that a Monday issue tells readers of.

Which of them each reader was mailed before, and is not told of again, is found by the
ledger when the issue freezes: see delivery.tellings.
"""

from datetime import datetime, time, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, selectinload

from newsletter.models.issue import Issue, IssuePost, IssueState, Kind
from newsletter.models.post import Post
from newsletter.posts.search import PUBLIC
from newsletter.settings import Settings

POSTS_AT_MOST = 16  # Delivery.variant has a bit for each
WEEK = timedelta(days=7)
# What another process was about to publish, while the issue before froze, was not seen then.
OVERLAP = timedelta(hours=1)


def posts_of(session: Session, issue: Issue, settings: Settings) -> list[Post]:
    """The posts that a Monday issue lists, the oldest first: those that were kept once it is
    frozen, and before that those that it would list as things stand."""
    if issue.frozen_at is None:
        return _as_things_stand(session, issue, settings)
    kept = select(Post).join(IssuePost).where(IssuePost.issue_id == issue.id)
    return list(session.scalars(kept.order_by(IssuePost.number)))


def save(session: Session, issue: Issue, settings: Settings) -> None:
    """Fix which posts ``issue``, which is freezing, lists, and the number of each."""
    for number, post in enumerate(_as_things_stand(session, issue, settings)):
        session.add(IssuePost(issue_id=issue.id, number=number, post_id=post.id))
    session.flush()


def _as_things_stand(session: Session, issue: Issue, settings: Settings) -> list[Post]:
    """The posts that became public or were mailed since the Monday issue before froze, and
    that none has listed. One whose mailing is still planned waits for that.

    A mailing that was cancelled after it began leaves readers who were counted as mailed: its
    post is listed once more, for them.
    """
    since = _since(session, issue, settings)
    mailing = select(Issue.id).where(Issue.kind == Kind.POST, Issue.post_id == Post.id)
    ended = and_(Issue.state == IssueState.CANCELLED, Issue.closed_at >= since)
    broken_off = mailing.where(ended, Issue.frozen_at.is_not(None)).exists()
    lately = or_(
        Post.published_at >= since,
        mailing.where(or_(Issue.frozen_at >= since, ended)).exists(),
    )
    waits = mailing.where(Issue.state == IssueState.PLANNED).exists()
    listed = (
        select(IssuePost.issue_id)
        .join(Issue)
        .where(IssuePost.post_id == Post.id, Issue.state != IssueState.CANCELLED)
        .exists()
    )
    posts = select(Post).where(PUBLIC, lately, ~waits, or_(~listed, broken_off))
    newest = posts.order_by(Post.published_at.desc(), Post.id.desc()).limit(POSTS_AT_MOST)
    return list(reversed(session.scalars(newest.options(selectinload(Post.version))).all()))


def _since(session: Session, issue: Issue, settings: Settings) -> datetime:
    """When the Monday issue before froze; without one, a week before this one's day."""
    before = (
        select(Issue.frozen_at)
        .where(
            Issue.kind == Kind.REGULAR,
            Issue.id != issue.id,
            Issue.frozen_at.is_not(None),
            Issue.state != IssueState.CANCELLED,
        )
        .order_by(Issue.frozen_at.desc())
    )
    frozen_at = session.scalars(before.limit(1)).first()
    if frozen_at is not None:
        return frozen_at - OVERLAP
    return datetime.combine(issue.date, time.min, settings.timezone) - WEEK
