"""A curator's own account: the password, and where it is signed in."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import InputRequired

from newsletter import clock
from newsletter.curators import (
    accounts,
    logins,
    second_factor,
)
from newsletter.curators.permissions import Permission
from newsletter.errors import Invalid
from newsletter.web import auth
from newsletter.web.admin.flash import flashing, show
from newsletter.web.auth import needs
from newsletter.web.context import installation
from newsletter.web.limits import admin_limiter

blueprint = Blueprint("account", __name__, url_prefix="/account")


class PasswordForm(FlaskForm):
    current = PasswordField("Current password", [InputRequired("Type your current password.")])
    password = PasswordField("New password", [InputRequired("Type a new password.")])


@blueprint.get("/")
@needs(Permission.ACCOUNT)
def index() -> ResponseReturnValue:
    return _page(PasswordForm())


@blueprint.post("/password")
@admin_limiter.limit("10/minute")
@needs(Permission.ACCOUNT)
def change_password() -> ResponseReturnValue:
    """The other sessions end; this one goes on under a new key."""
    form = PasswordForm()
    if not form.validate():
        return _page(form), 422
    db, now = installation().db, clock.now()
    with db.read() as session:
        known = accounts.get(session, current_user.id).password_hash
    if not accounts.matches(known, str(form.current.data)):
        form.current.errors = ["This is not your current password."]
        return _page(form), 422
    try:
        with db.write() as session:
            curator = accounts.get(session, current_user.id)
            accounts.set_password(curator, str(form.password.data))
            logins.end_sessions(session, curator.id)
            key = logins.open_session(session, curator.id, now, auth.place("password"))
            auth.enter(curator, key)
    except Invalid as error:
        show(form, error)
        return _page(form), 422
    flash("Your password is changed, and every other session is signed out.", "done")
    return redirect(url_for("admin.account.index"))


@blueprint.post("/sign-out-everywhere")
@needs(Permission.ACCOUNT)
def sign_out_everywhere() -> ResponseReturnValue:
    with installation().db.write() as session:
        logins.end_sessions(session, current_user.id)
    auth.leave()
    flash("You are signed out everywhere.", "done")
    return redirect(url_for("admin.login.sign_in"))


@blueprint.post("/sessions/<int:number>/end")
@needs(Permission.ACCOUNT)
def end_session(number: int) -> ResponseReturnValue:
    with flashing("That browser is signed out."), installation().db.write() as session:
        logins.end_one(session, current_user.id, number)
    return redirect(url_for("admin.account.index"))


def _page(form: PasswordForm) -> str:
    now = clock.now()
    with installation().db.read() as session:
        return render_template(
            "admin/account.html",
            form=form,
            factor=second_factor.of_everybody(session).get(current_user.id, ""),
            sessions=logins.sessions_of(session, current_user.id, now),
            this=logins.find_session(session, current_user.key, now),
        )
