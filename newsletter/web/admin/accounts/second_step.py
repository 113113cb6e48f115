"""The second step of signing in: a code of the app, or a recovery code."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from newsletter import clock
from newsletter.audit.recorder import answerable
from newsletter.curators import second_factor
from newsletter.errors import BadToken, ExpiredToken
from newsletter.models.curator import Curator
from newsletter.web import auth
from newsletter.web.admin.accounts.entering import let_in
from newsletter.web.context import installation
from newsletter.web.limits import admin_limiter

blueprint = Blueprint("second_step", __name__, url_prefix="/login")

HALF = "half"  # of the session's cookie
WRONG = (
    "That code is not right, or was used already. Type the newest one; after several wrong "
    "tries, wait a little before the next one."
)


class CodeForm(FlaskForm):
    code = StringField("Code", [InputRequired("Type the code."), Length(max=40)])
    next = HiddenField()


def go_on_with(curator: Curator, target: str) -> Response:
    """Ask for a code, as the password was right. What the cookie held before is gone."""
    session.clear()
    session[HALF] = second_factor.half_token(installation().signer, curator, clock.now())
    return redirect(url_for("admin.second_step.ask", next=target or None))


@blueprint.route("/code", methods=["GET", "POST"])
@admin_limiter.limit("10/minute;60/hour", methods=["POST"])
def ask() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(auth.safe_next(request.args.get("next", "")))
    opened, now = installation(), clock.now()
    try:
        with opened.db.read() as transaction:
            token = str(session.get(HALF, ""))
            curator = second_factor.by_half_token(transaction, opened.signer, token, now)
    except (BadToken, ExpiredToken):
        flash("Type your password first.", "refused")
        return redirect(url_for("admin.login.sign_in"))
    form = CodeForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        with opened.db.write() as transaction:
            answerable(transaction, curator.address)  # who knows the password: wrong ones, too
            typed = str(form.code.data)
            code = second_factor.accepts(transaction, opened.signer, curator.id, typed, now)
        if code is not None:
            return let_in(curator.id, f"password and {code.value}", str(form.next.data or ""))
        form.form_errors.append(WRONG)
    page = render_template("admin/second_step.html", form=form, address=curator.address)
    return page, 422 if form.is_submitted() else 200
