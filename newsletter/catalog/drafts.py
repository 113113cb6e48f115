"""Drafts: what is to be looked at before one is public, and those that are given up, which are
deleted without a trace.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.catalog import datasets, discarding
from newsletter.errors import Conflict
from newsletter.models.dataset import Version, VersionState
from newsletter.models.issue import Issue, IssueState
from newsletter.models.post import Post
from newsletter.tables.profiling.alert_lines import alert_lines


def delete(session: Session, slug: str, now: datetime) -> Version:
    """Delete the draft of a dataset, and the dataset if it has nothing else; returns what it
    was. Its files go if nothing else has them. Raises NotFound, or Conflict where there is no
    draft, or something stands on it."""
    draft = datasets.newest(session, slug)
    for issue in refuse_deleting(session, draft):
        issue.version = None
    dataset = draft.dataset
    discarding.discard(session, draft, now)
    dataset.pending_ingest = None
    if len(dataset.versions) == 1:
        session.delete(dataset)
    else:
        dataset.versions.remove(draft)
    session.flush()
    return draft


def refuse_deleting(session: Session, draft: Version) -> list[Issue]:
    """Raises Conflict for what is no draft, or where a planned issue or a post stands on it;
    returns the cancelled issues that were about it."""
    if draft.state is not VersionState.DRAFT:
        number, state = draft.number, draft.state.value
        raise Conflict(f"{draft.dataset.slug} {number} is {state}: only a draft can be deleted.")
    slug = draft.dataset.slug
    issues = list(session.scalars(select(Issue).where(Issue.version_id == draft.id)))
    for issue in issues:
        if issue.state is not IssueState.CANCELLED:
            raise Conflict(f"{slug} is planned for {issue.slot}: take it off that day first.")
    posts = select(func.count()).select_from(Post).where(Post.version_id == draft.id)
    if session.scalar(posts):
        raise Conflict(f"There are posts on {slug} {draft.number}: it cannot be deleted.")
    return issues


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
