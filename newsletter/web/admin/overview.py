"""The first page after signing in: what matters first, first."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.audience import directory
from newsletter.backups import permission
from newsletter.catalog import datasets
from newsletter.catalog import listing as catalog
from newsletter.curators.permissions import Permission
from newsletter.delivery.queue.balance import balances_of
from newsletter.errors import Conflict
from newsletter.heartbeats.roll_call import RollCall, call_roll
from newsletter.issues import listing
from newsletter.models.issue import Issue, IssueState
from newsletter.services import slots
from newsletter.submissions import queue
from newsletter.web.admin.flash import flashing
from newsletter.web.admin.template_filters import clock_time
from newsletter.web.auth import needs
from newsletter.web.context import installation

blueprint = Blueprint("overview", __name__)

UNDER_WAY = (IssueState.SENDING, IssueState.PAUSED, IssueState.LATE)
UNDER_WAY_SHOWN = 20
DRAFTS_SHOWN = 8
BROUGHT_SHOWN = 5
RECENT = 6


@blueprint.get("/")
@needs(Permission.LOOK)
def index() -> ResponseReturnValue:
    opened, now = installation(), clock.now()
    with opened.db.read() as session:
        coming = slots.coming(session, opened.settings, now, count=5)
        under_way = listing.in_states(session, UNDER_WAY, UNDER_WAY_SHOWN)
        balances = balances_of(session, under_way)
        return render_template(
            "admin/overview.html",
            next_slot=_next(coming),
            coming=coming,
            under_way=[(issue, balances[issue.id]) for issue in under_way],
            drafts=catalog.drafts(session, DRAFTS_SHOWN),
            problems_of=datasets.problems_of,
            counts=directory.counts(session),
            brought=queue.waiting_page(session, size=BROUGHT_SHOWN),
            recent=_recent(session),
            free=slots.free(coming, now),
            may_send=permission.may_send(session),
            troubles=_troubles(call_roll(session)),
        )


@blueprint.post("/allow-sending")
@needs(Permission.SEND)
def allow_sending() -> ResponseReturnValue:
    """For a home that was restored or copied."""
    with flashing("Mail goes out."), installation().db.write() as session:
        if request.form.get("sure") != "yes":
            raise Conflict("Nothing is sent yet: tick that no other installation sends the same.")
        permission.allow(session, clock.now())
    return redirect(url_for("admin.overview.index"))


def _next(coming: list[slots.Slot]) -> slots.Slot:
    """The first Monday whose issue is still to come."""
    for slot in coming:
        if slot.issue is None or slot.issue.state is IssueState.PLANNED:
            return slot
    return coming[-1]


def _troubles(roll: RollCall) -> list[str]:
    """What is wrong with the processes, the worst first; empty: the clock and a worker run."""
    lacks = [lack for standing in roll.standings if (lack := standing.lack(clock_time))]
    losses = [loss for standing in roll.standings for loss in standing.losses(clock_time)]
    return [*lacks, *losses, *roll.wrong_clocks().values()]


def _recent(session: Session) -> list[tuple[Issue, int]]:
    """The issues that were sent last, with how many it reached."""
    sent = listing.in_states(session, [IssueState.SENT], RECENT)
    return [(issue, int(issue.balance.get("sent", 0))) for issue in sent]
