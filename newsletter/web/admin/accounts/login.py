"""Signing in and out, and setting a password by a link that was mailed."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from newsletter import clock
from newsletter.audit.recorder import answerable
from newsletter.curators import (
    accounts,
    logins,
    password_mail,
    second_factor,
)
from newsletter.curators.passkeys import Site
from newsletter.curators.permissions import Permission
from newsletter.errors import Invalid
from newsletter.web import auth
from newsletter.web.admin.accounts.entering import device, let_in
from newsletter.web.admin.accounts.second_step import go_on_with
from newsletter.web.admin.flash import show
from newsletter.web.auth import needs
from newsletter.web.context import client_network, installation
from newsletter.web.limits import admin_limiter
from newsletter.web.responses.even_time import evenly
from newsletter.web.security import SCRIPTED, content_security_policy

blueprint = Blueprint("login", __name__)

WRONG = (
    "That address and password do not go together. After several wrong tries, "
    "wait a little before the next one."
)
SENT = "If a curator has that address, a link to set a password is on its way to it."


class LoginForm(FlaskForm):
    address = EmailField("E-mail address", [InputRequired("Type your address."), Length(max=320)])
    password = PasswordField("Password", [InputRequired("Type your password.")])
    next = HiddenField()


class AddressForm(FlaskForm):
    address = EmailField("E-mail address", [InputRequired("Type your address."), Length(max=320)])


class NewPasswordForm(FlaskForm):
    password = PasswordField("New password", [InputRequired("Type a new password.")])


@blueprint.route("/login", methods=["GET", "POST"])
@admin_limiter.limit("10/minute;60/hour", methods=["POST"])
@admin_limiter.limit("120/hour", methods=["POST"], key_func=client_network)
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(auth.safe_next(request.args.get("next", "")))
    form = LoginForm(next=request.args.get("next", ""))
    if form.validate_on_submit():
        response = _signed_in(form)
        if response is not None:
            return response
        form.form_errors.append(WRONG)
    return show_login(form), 422 if form.is_submitted() else 200


def show_login(form: LoginForm) -> str:
    settings = installation().settings
    has_passkeys = Site(settings.base_url, settings.title).has_name
    return render_template(
        "admin/login.html",
        form=form,
        has_passkeys=has_passkeys,
        provider=settings.oidc_name if settings.oidc_issuer else "",
    )


@blueprint.after_request
def allow_the_script(response: Response) -> Response:
    """That of passkeys."""
    response.headers["Content-Security-Policy"] = content_security_policy(SCRIPTED)
    return response


@blueprint.post("/logout")
@needs(Permission.ACCOUNT)
def sign_out() -> ResponseReturnValue:
    with installation().db.write() as session:
        logins.end_session(session, current_user.key)
    auth.leave()
    flash("You are signed out.", "done")
    return redirect(url_for("admin.login.sign_in"))


@blueprint.route("/forgotten", methods=["GET", "POST"])
@admin_limiter.limit("5/minute;20/hour", methods=["POST"])
def forgotten() -> ResponseReturnValue:
    form = AddressForm()
    if not form.validate_on_submit():
        page = render_template("admin/forgotten.html", form=form)
        return page, 422 if form.is_submitted() else 200
    with evenly(), installation().db.write() as session:
        curator = accounts.find(session, str(form.address.data))
        if curator is not None:
            password_mail.owe_if_due(session, curator, "Set a new password", clock.now())
    flash(SENT, "done")
    return redirect(url_for("admin.login.sign_in"))


@blueprint.route("/password/<token>", methods=["GET", "POST"])
@admin_limiter.limit("20/minute")
def reset(token: str) -> ResponseReturnValue:
    """The page behind the mailed link. Looking at it changes nothing."""
    opened, now = installation(), clock.now()
    with opened.db.read() as session:
        address = logins.by_reset_token(session, opened.signer, token, now).address
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            with opened.db.write() as session:
                curator = logins.by_reset_token(session, opened.signer, token, now)
                answerable(session, curator.address)
                accounts.set_password(curator, str(form.password.data))
                logins.end_sessions(session, curator.id)
        except Invalid as error:
            show(form, error)
        else:
            auth.leave()
            flash("Your password is set. Sign in with it.", "done")
            return redirect(url_for("admin.login.sign_in"))
    page = render_template("admin/reset.html", form=form, address=address)
    return page, 422 if form.is_submitted() else 200


def _signed_in(form: LoginForm) -> Response | None:
    """The way on: in a new session, or to the second step; None if the password is wrong."""
    opened, now = installation(), clock.now()
    address = str(form.address.data)
    with opened.db.write() as session:
        attempt = logins.begin_try(session, opened.signer, address, device(), now)
    if not attempt.succeeds(str(form.password.data)) or attempt.curator_id is None:
        return None
    target = str(form.next.data or "")
    with opened.db.read() as session:
        if second_factor.totp_of(session, attempt.curator_id) is not None:
            return go_on_with(accounts.get(session, attempt.curator_id), target)
    return let_in(attempt.curator_id, "password", target)
