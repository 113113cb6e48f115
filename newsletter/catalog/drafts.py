"""Drafts: what is to be looked at before one is public, and those that are given up, which are
deleted without a trace.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.catalog import datasets
from newsletter.errors import Conflict
from newsletter.models.dataset import Version, VersionState
from newsletter.models.issue import Issue, IssueState
from newsletter.models.post import Post
from newsletter.tables.profiling.alert_lines import alert_lines


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


def open_questions(version: Version) -> list[str]:
    """What a person should have looked at before a version is public."""
    lines = (line for table in version.tables for line in alert_lines(table.profile))
    return [line.text for line in lines if line.needs_a_person]


def refuse_open_questions(version: Version) -> None:
    """Raises Conflict if there are any."""
    questions = open_questions(version)
    if not questions:
        return
    more = f" (and {len(questions) - 1} more)" if questions[1:] else ""
    raise Conflict(
        f"{version.dataset.slug} {version.number} stays a draft{more}: {questions[0]} Look at it,"
        " then publish it with --anyway."
    )
