"""The moment from which an issue cannot change: its content and its recipients.

One transaction: whoever moves the issue from planned to sending renders it,
stores the message and enters each candidate in the ledger. If any of that
fails, all of it is undone and the issue is planned as before.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.catalog import datasets
from newsletter.catalog.storage import Storage
from newsletter.delivery import ledger
from newsletter.issues import calendar
from newsletter.issues.compose import chart_url, compose
from newsletter.issues.corrections import originals, refuse_while_going_out
from newsletter.issues.message import Headers, freeze
from newsletter.issues.render import render_issue, render_page
from newsletter.issues.schedule import Waves
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.settings import Settings

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
    begun already.

    Raises Invalid with what is missing from its dataset, or Conflict for a correction of
    what still goes out; nothing has changed then.
    """
    if not calendar.begin(session, issue, now, states):
        return False
    if issue.kind is Kind.CORRECTION:
        refuse_while_going_out(originals(session, issue))
    if issue.version is not None:
        datasets.publish(issue.version, now)
    content = compose(session, issue, settings, storage)
    headers = Headers.of_issue(settings, issue.kind.value, issue.date, now)
    issue.message = freeze(render_issue(content), headers).to_bytes()
    issue.page = render_page(content, chart_url(issue))
    issue.candidates = ledger.enter(session, issue, now, waves)
    return True
