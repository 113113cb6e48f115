"""Beginning, stopping and watching a send. What cannot be undone is asked for twice."""

from dataclasses import dataclass

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from newsletter import clock, jobs
from newsletter.curators.permissions import Permission
from newsletter.delivery.issue_run import recipients, retry
from newsletter.delivery.issue_run.progress import progress, troubles
from newsletter.delivery.issue_run.reasons import MEANINGS
from newsletter.errors import NotFound
from newsletter.issues import calendar
from newsletter.models.delivery import DeliveryState
from newsletter.models.issue import Issue, IssueState
from newsletter.services.previews import Preview, preview_of
from newsletter.web.admin.flash import flashing
from newsletter.web.auth import needs
from newsletter.web.context import installation

blueprint = Blueprint("sending", __name__, url_prefix="/issues")

WATCH_SECONDS = 3  # between two looks at a send
LATEST = 20  # deliveries shown one by one


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before something that cannot be undone."""

    title: str
    sentence: str
    button: str


@blueprint.get("/<day>/send")
@needs(Permission.SEND)
def ask_to_send(day: str) -> ResponseReturnValue:
    opened = installation()
    with opened.db.read() as session:
        readers = recipients.count(session, calendar.at(session, day))
    preview = preview_of(opened, day)
    people = "1 subscriber" if readers == 1 else f"{readers:,} subscribers"
    question = Question(
        f"Send “{preview.subject}” now?",
        f"It goes to {people} at once. What it says and whom it goes to can then no longer change.",
        f"Send it to {people}",
    )
    return _asked(day, question, preview)


@blueprint.post("/<day>/send")
@needs(Permission.SEND)
def send(day: str) -> ResponseReturnValue:
    way_on = url_for("admin.issues.show", day=day)
    with flashing("It is being sent."):
        on, kind = calendar.parse_slot(day)
        jobs.publish_issue(installation(), on, clock.now(), kind)
        way_on = url_for("admin.sending.watch", day=day)
    return redirect(way_on)


@blueprint.get("/<day>/cancel")
@needs(Permission.SEND)
def ask_to_cancel(day: str) -> ResponseReturnValue:
    with installation().db.read() as session:
        begun = calendar.at(session, day).frozen_at is not None
    question = Question(
        f"Cancel the issue of {day}?",
        "Nothing more of it is sent. Those who have it already keep it, and it cannot be resumed."
        if begun
        else "The day is free again. What it opens stays as it is.",
        "Stop it for good" if begun else "Cancel the issue",
    )
    return _asked(day, question)


@blueprint.post("/<day>/cancel")
@needs(Permission.SEND)
def cancel(day: str) -> ResponseReturnValue:
    way_on = url_for("admin.issues.index")
    with flashing("It is cancelled."), installation().db.write() as session:
        issue = calendar.at(session, day)
        calendar.cancel(session, issue, clock.now())
        way_on = _where_it_is(issue, day)
    return redirect(way_on)


@blueprint.post("/<day>/pause")
@needs(Permission.SEND)
def pause(day: str) -> ResponseReturnValue:
    with flashing("It is paused."), installation().db.write() as session:
        calendar.pause(session, calendar.at(session, day), calendar.BY_HAND)
    return redirect(url_for("admin.sending.watch", day=day))


@blueprint.post("/<day>/resume")
@needs(Permission.SEND)
def resume(day: str) -> ResponseReturnValue:
    with flashing("It goes on."), installation().db.write() as session:
        calendar.resume(session, calendar.at(session, day), clock.now())
    return redirect(url_for("admin.sending.watch", day=day))


@blueprint.get("/<day>/progress")
@needs(Permission.LOOK)
def watch(day: str) -> ResponseReturnValue:
    """The books of a send, asked for again by the browser while it goes on."""
    now = clock.now()
    with installation().db.read() as session:
        issue = calendar.at(session, day)
        if issue.frozen_at is None:
            return redirect(url_for("admin.issues.show", day=day))
        standing = progress(session, issue, now)
        page = render_template(
            "admin/progress.html",
            issue=issue,
            progress=standing,
            troubles=troubles(session, issue, standing.reasons, LATEST),
            retries=retry.retries(session, issue),
            may_retry=issue.state in retry.FROZEN,
            now=now,
        )
        goes_on = issue.state is IssueState.SENDING
    response = make_response(page)
    if goes_on:
        response.headers["Refresh"] = str(WATCH_SECONDS)
    return response


@blueprint.get("/<day>/retry/<state>/<reason>")
@needs(Permission.SEND)
def ask_to_retry(day: str, state: str, reason: str) -> ResponseReturnValue:
    """Whether the deliveries in that state for that reason are to be tried again."""
    unknown = _is_unknown(state)
    way_back = url_for("admin.sending.watch", day=day)
    with installation().db.read() as session:
        number = retry.count(session, calendar.at(session, day), unknown, reason)
    if not number:
        flash("None of them can be tried again: they have left, or are suppressed.", "refused")
        return redirect(way_back)
    why = MEANINGS.get(reason, reason)
    those = "1 delivery" if number == 1 else f"{number:,} deliveries"
    question = Question(
        f"Try {those} again?",
        f"Why they are {state}: {why}. They are due at once, with the message as it was frozen."
        + (f" {retry.MAY_ARRIVE_TWICE}" if unknown else ""),
        f"Try {those} again",
    )
    return _asked(day, question, way_back=way_back)


@blueprint.post("/<day>/retry/<state>/<reason>", endpoint="retry")
@needs(Permission.SEND)
def retry_deliveries(day: str, state: str, reason: str) -> ResponseReturnValue:
    unknown = _is_unknown(state)
    with flashing("They are tried again."), installation().db.write() as session:
        issue = calendar.at(session, day)
        retry.retry(session, issue, clock.now(), unknown, reason, by=current_user.address)
    return redirect(url_for("admin.sending.watch", day=day))


def _is_unknown(state: str) -> bool:
    """Which of the two states that can be tried again an address names. Raises NotFound."""
    if state not in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        raise NotFound("Only what failed or is unknown can be tried again.")
    return state == DeliveryState.UNKNOWN


def _asked(
    day: str, question: Question, preview: Preview | None = None, way_back: str | None = None
) -> ResponseReturnValue:
    """``way_back``: where "not now" leads; None: to the issue."""
    return render_template(
        "admin/confirm.html",
        question=question,
        day=day,
        date=calendar.parse_slot(day)[0],
        preview=preview,
        way_back=way_back or url_for("admin.issues.show", day=day),
    )


def _where_it_is(issue: Issue, day: str) -> str:
    """The page of an issue that was cancelled: its calendar day is free if nobody got it."""
    if issue.frozen_at is None:
        return url_for("admin.issues.index")
    return url_for("admin.sending.watch", day=day)
