"""The moment from which an issue cannot change: its content and its recipients.

One transaction: whoever moves the issue from planned to sending renders it,
stores the message and enters each candidate in the ledger. If any of that
fails, all of it is undone and the issue is planned as before.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.catalog import datasets
from newsletter.delivery.issue_run.enrol import enrol
from newsletter.delivery.issue_run.post_exposure import variants_owed
from newsletter.errors import Conflict, Invalid
from newsletter.issues import calendar, round_up
from newsletter.issues.corrections import originals, refuse_while_going_out
from newsletter.issues.gather import gather
from newsletter.issues.schedule import Waves
from newsletter.mailing.compose import compose
from newsletter.mailing.content import IssueContent
from newsletter.mailing.message import Headers, freeze
from newsletter.mailing.render import render_issue, render_page
from newsletter.models.issue import Issue, IssueState, IssueVariant, Kind
from newsletter.models.post import PostState
from newsletter.posts import posts
from newsletter.settings import Settings
from newsletter.storage import Storage

PLANNED = (IssueState.PLANNED,)
BY_A_CURATOR = (IssueState.PLANNED, IssueState.LATE)


def freeze_issue(
    session: Session,
    issue: Issue,
    settings: Settings,
    storage: Storage,
    now: datetime,
    states: Collection[IssueState] = PLANNED,
    waves: Waves | None = None,
) -> bool:
    """Begin to send ``issue``, by ``waves`` or to all at once. False if somebody else has
    begun already. Its dataset or its post is public from then on.

    Raises Invalid with what is missing from its dataset or its post, or Conflict for a
    correction of what still goes out; nothing has changed then.
    """
    if not calendar.begin(session, issue, now, states):
        return False
    _prepare(session, issue, settings, now)
    content = compose(gather(session, issue, settings, storage))
    headers = Headers.of_issue(settings, issue.kind.value, issue.date, now)
    issue.message = freeze(render_issue(content), headers).to_bytes()
    issue.page = render_page(content, f"/issues/{issue.slot}")
    issue.candidates = enrol(session, issue, now, waves)
    if isinstance(content, IssueContent) and content.posts:
        _freeze_variants(session, issue, content, headers)
    return True


def _prepare(session: Session, issue: Issue, settings: Settings, now: datetime) -> None:
    """What has to be so before it can be composed for good."""
    calendar.refuse_withdrawn(issue)
    match issue.kind:
        case Kind.REGULAR:
            round_up.save(session, issue, settings)
        case Kind.CORRECTION:
            refuse_while_going_out(originals(session, issue))
        case Kind.POST:
            _publish_post(issue, now)
    if issue.version is not None:
        datasets.publish(issue.version, now)


def _publish_post(issue: Issue, now: datetime) -> None:
    """Make its post public, and note which version it was about then: that may turn out to be
    wrong, and the post be written anew."""
    post = issue.post
    if post is None:
        raise Invalid(f"The mailing of {issue.slot} has no post: cancel it.")
    if post.state is PostState.WITHDRAWN:
        raise Conflict(f"“{post.title}” was withdrawn: cancel its mailing, or publish it again.")
    posts.publish(post, now)
    issue.version = post.version


def _freeze_variants(
    session: Session, issue: Issue, content: IssueContent, headers: Headers
) -> None:
    """The message for those who were mailed some of its posts before, without these."""
    for variant in variants_owed(session, issue):
        left = [post for n, post in enumerate(content.posts) if not variant >> n & 1]
        mail = render_issue(replace(content, posts=tuple(left)))
        message = freeze(mail, headers).to_bytes()
        session.add(IssueVariant(issue_id=issue.id, variant=variant, message=message))
