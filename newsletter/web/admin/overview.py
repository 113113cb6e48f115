"""The first page after signing in: what matters first, first."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.audience import directory
from newsletter.catalog import datasets
from newsletter.delivery.queue.balance import balance_of
from newsletter.issues import calendar
from newsletter.models.dataset import VersionState
from newsletter.models.issue import Issue, IssueState
from newsletter.services import slots
from newsletter.submissions import queue
from newsletter.web.context import installation

blueprint = Blueprint("overview", __name__)

UNDER_WAY = (IssueState.SENDING, IssueState.PAUSED, IssueState.LATE)
RECENT = 6


@blueprint.get("/")
def index() -> ResponseReturnValue:
    opened, now = installation(), clock.now()
    with opened.db.read() as session:
        coming = slots.coming(session, opened.settings, now, count=5)
        everything = datasets.everything(session)
        issues = calendar.issues(session)
        under_way = [issue for issue in issues if issue.state in UNDER_WAY]
        return render_template(
            "admin/overview.html",
            next_slot=_next(coming),
            coming=coming,
            under_way=[(issue, balance_of(session, issue)) for issue in under_way],
            drafts=[version for version in everything if version.state is VersionState.DRAFT],
            problems_of=datasets.problems_of,
            counts=directory.counts(session),
            brought=queue.waiting(session),
            recent=_recent(session, issues),
            free=slots.free(coming, now),
        )


def _next(coming: list[slots.Slot]) -> slots.Slot:
    """The first Monday whose issue is still to come."""
    for slot in coming:
        if slot.issue is None or slot.issue.state is IssueState.PLANNED:
            return slot
    return coming[-1]


def _recent(session: Session, issues: list[Issue]) -> list[tuple[Issue, int]]:
    """The issues that were sent last, with how many it reached."""
    sent = [issue for issue in issues if issue.state is IssueState.SENT][:RECENT]
    return [(issue, int(issue.balance.get("sent", 0))) for issue in sent]
