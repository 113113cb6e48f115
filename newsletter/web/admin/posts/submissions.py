"""What readers brought: the queue, each of them, and what a curator decides."""

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import TextAreaField

from newsletter import clock
from newsletter.curators.permissions import Permission
from newsletter.services.submission_post import may_be_a_post
from newsletter.submissions import queue
from newsletter.web.admin.flash import flashing
from newsletter.web.auth import STALE, needs, shows_again
from newsletter.web.context import installation, page_number
from newsletter.web.site.showcase import attachment

blueprint = Blueprint("submissions", __name__, url_prefix="/submissions")


class DecisionForm(FlaskForm):
    answer = TextAreaField("A word to the person")


@blueprint.get("/")
@needs(Permission.ANSWER)
def index() -> ResponseReturnValue:
    with installation().db.read() as session:
        return render_template(
            "admin/submissions.html",
            waiting=queue.waiting_page(session, page_number()),
            decided=queue.decided(session, page_number("decided")),
        )


@blueprint.get("/<int:number>/")
@needs(Permission.ANSWER)
def show(number: int) -> ResponseReturnValue:
    return _page(number, DecisionForm())


@blueprint.get("/<int:number>/file")
@needs(Permission.ANSWER)
def file(number: int) -> Response:
    """The file as it came: saved, never shown by the browser."""
    with installation().db.read() as session:
        return attachment(queue.get(session, number))


@blueprint.post("/<int:number>/accept")
@needs(Permission.ANSWER)
def accept(number: int) -> ResponseReturnValue:
    """Show shared code on the page of its dataset."""
    opened, form = installation(), DecisionForm()
    with (
        flashing("It is accepted, and stands on the page of its dataset."),
        opened.db.write() as session,
    ):
        words = form.answer.data or ""
        queue.accept(session, opened.signer, number, current_user.address, words, clock.now())
    return redirect(url_for("admin.submissions.show", number=number))


@blueprint.post("/<int:number>/decline")
@needs(Permission.ANSWER)
def decline(number: int) -> ResponseReturnValue:
    opened, form = installation(), DecisionForm()
    with flashing("It is declined."), opened.db.write() as session:
        words = form.answer.data or ""
        queue.decline(session, opened.signer, number, current_user.address, words, clock.now())
    return redirect(url_for("admin.submissions.show", number=number))


@shows_again(accept)
@shows_again(decline)
def show_again(number: int) -> str:
    form = DecisionForm()
    form.form_errors.append(STALE)
    return _page(number, form)


def _page(number: int, form: DecisionForm) -> str:
    opened = installation()
    with opened.db.read() as session:
        submission = queue.get(session, number)
        key = submission.file_key
        return render_template(
            "admin/submission.html",
            submission=submission,
            size=opened.storage.size(key) if key and opened.storage.exists(key) else None,
            may_be_a_post=may_be_a_post(submission),
            form=form,
        )
