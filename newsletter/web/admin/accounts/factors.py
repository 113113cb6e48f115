"""A curator's second factor: the app's codes and the recovery codes."""

import segno
from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from newsletter import clock
from newsletter.curators import accounts, passkeys, second_factor
from newsletter.curators.passkeys import Site
from newsletter.curators.permissions import Permission
from newsletter.errors import Invalid, Refused
from newsletter.web.admin.flash import show
from newsletter.web.auth import needs
from newsletter.web.context import installation
from newsletter.web.limits import admin_limiter
from newsletter.web.security import SCRIPTED, content_security_policy

blueprint = Blueprint("factors", __name__, url_prefix="/account/second-factor")

NOT_YOURS = "This is not your current password."


class SureForm(FlaskForm):
    """Of what whoever found a browser open must not be able to change."""

    current = PasswordField("Current password", [InputRequired("Type your current password.")])


class SetupForm(SureForm):
    setup = HiddenField()
    code = StringField("Code that the app shows", [InputRequired("Type the code."), Length(max=20)])


@blueprint.after_request
def allow_the_script(response: Response) -> Response:
    """That of passkeys."""
    response.headers["Content-Security-Policy"] = content_security_policy(SCRIPTED)
    return response


@blueprint.get("/")
@needs(Permission.ACCOUNT)
def index() -> ResponseReturnValue:
    return _page(SetupForm())


@blueprint.post("/")
@needs(Permission.ACCOUNT)
@admin_limiter.limit("10/minute")
def enable() -> ResponseReturnValue:
    """Ask for codes from here on, as one has shown that the app makes them."""
    form, opened, now = SetupForm(), installation(), clock.now()
    me = current_user.id
    try:
        check_password(form)
        salt = second_factor.salt_of(opened.signer, str(form.setup.data), me, now)
        with opened.db.write() as session:
            code = str(form.code.data)
            codes = second_factor.enable(session, opened.signer, me, salt, code, now)
    except Refused as error:
        show(form, error)
        return _page(form), 422
    return render_template("admin/recovery_codes.html", codes=codes, is_new=True)


@blueprint.post("/recovery-codes")
@needs(Permission.ACCOUNT)
@admin_limiter.limit("10/minute")
def renew() -> ResponseReturnValue:
    """Show new recovery codes, once; those before count no more."""
    form, opened = SureForm(), installation()
    try:
        check_password(form)
        with opened.db.write() as session:
            codes = second_factor.renew_recovery_codes(session, opened.signer, current_user.id)
    except Refused as error:
        flash(str(error), "refused")
        return redirect(url_for("admin.factors.index"))
    return render_template("admin/recovery_codes.html", codes=codes, is_new=False)


@blueprint.post("/off")
@needs(Permission.ACCOUNT)
@admin_limiter.limit("10/minute")
def disable() -> ResponseReturnValue:
    try:
        check_password(SureForm())
        with installation().db.write() as session:
            second_factor.disable(session, current_user.id)
    except Refused as error:
        flash(str(error), "refused")
    else:
        flash("No code is asked for any more.", "done")
    return redirect(url_for("admin.factors.index"))


def check_password(form: SureForm) -> None:
    """Make sure of who sends a form. Raises Invalid for what is missing, or another password."""
    if not form.validate():
        lacking = {name: str(errors[0]) for name, errors in form.errors.items() if name}
        form.current.errors = []
        raise Invalid(next(iter(lacking.values()), NOT_YOURS), lacking)
    with installation().db.read() as session:
        known = accounts.get(session, current_user.id).password_hash
    if not accounts.matches(known, str(form.current.data)):
        raise Invalid(NOT_YOURS, {"current": NOT_YOURS})


def _page(form: SetupForm) -> str:
    opened, now, me = installation(), clock.now(), current_user.id
    with opened.db.read() as session:
        totp = second_factor.totp_of(session, me)
        left = second_factor.recovery_codes_left(session, me)
        required = second_factor.is_required(session)
        keys = passkeys.of_curator(session, me)
    secret = qr = ""
    if totp is None:
        form.setup.data = _setup(str(form.setup.data or ""))
        salt = second_factor.salt_of(opened.signer, form.setup.data, me, now)
        secret = second_factor.secret_of(opened.signer, salt)
        qr = _qr(
            second_factor.app_uri(opened.signer, salt, current_user.address, opened.settings.title)
        )
    return render_template(
        "admin/second_factor.html",
        form=form,
        sure={name: _sure(name) for name in ("renew", "off", "key")},
        totp=totp,
        left=left,
        required=required,
        keys=keys,
        has_passkeys=Site(opened.settings.base_url, opened.settings.title).has_name,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        qr=qr,
    )


def _sure(name: str) -> SureForm:
    """One of the page's forms, whose field has an id of its own."""
    form = SureForm(formdata=None)
    form.current.id = f"current-{name}"
    return form


def _setup(sent: str) -> str:
    """The setup that a form carries, or a new one: a wrong code asks for no new scan."""
    signer, now, me = installation().signer, clock.now(), current_user.id
    try:
        second_factor.salt_of(signer, sent, me, now)
    except Refused:
        return second_factor.new_setup(signer, me, now)
    return sent


def _qr(text: str) -> Markup:
    """Drawn by attributes alone: the page's policy allows no inline style."""
    code = segno.make(text, micro=False, error="m")
    drawn = code.svg_inline(
        border=3, dark="#000", light="#fff", svgclass="qr", title="QR code", omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - segno's own markup
