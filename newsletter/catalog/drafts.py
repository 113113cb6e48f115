"""Drafts that are given up: what was never published is deleted without a trace."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.catalog import datasets
from newsletter.errors import Conflict
from newsletter.models.dataset import Version, VersionState
from newsletter.models.issue import Issue, IssueState
from newsletter.models.post import Post


def delete(session: Session, slug: str) -> Version:
    """Delete the draft of a dataset, and the dataset if it has nothing else; returns what it
    was. Raises NotFound, or Conflict where there is no draft, or something stands on it."""
    draft = datasets.newest(session, slug)
    if draft.state is not VersionState.DRAFT:
        raise Conflict(f"{slug} {draft.number} is published: only a draft can be deleted.")
    _refuse_used(session, draft)
    dataset = draft.dataset
    dataset.pending_ingest = None
    if len(dataset.versions) == 1:
        session.delete(dataset)
    else:
        dataset.versions.remove(draft)
    session.flush()
    return draft


def _refuse_used(session: Session, draft: Version) -> None:
    slug = draft.dataset.slug
    for issue in session.scalars(select(Issue).where(Issue.version_id == draft.id)):
        if issue.state is not IssueState.CANCELLED:
            raise Conflict(f"{slug} is planned for {issue.slot}: take it off that day first.")
        issue.version = None
    posts = select(func.count()).select_from(Post).where(Post.version_id == draft.id)
    if session.scalar(posts):
        raise Conflict(f"There are posts on {slug} {draft.number}: it cannot be deleted.")
