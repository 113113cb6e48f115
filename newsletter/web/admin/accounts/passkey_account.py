"""A curator's own passkeys: adding one, and removing it."""

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from newsletter import clock
from newsletter.curators import passkeys
from newsletter.curators.permissions import Permission
from newsletter.web.admin.accounts.factors import SureForm, check_password
from newsletter.web.admin.accounts.passkey_login import ask_for_proof, open_challenge, site
from newsletter.web.admin.flash import flashing
from newsletter.web.auth import needs
from newsletter.web.context import installation
from newsletter.web.limits import admin_limiter

blueprint = Blueprint("passkeys", __name__, url_prefix="/account/passkeys")


@blueprint.post("/options")
@needs(Permission.ACCOUNT)
@admin_limiter.limit("30/minute")
def options() -> Response:
    opened = installation()
    with opened.db.read() as session:
        made = passkeys.registration_options(
            session, opened.signer, site(), current_user.id, ask_for_proof()
        )
    return Response(made, mimetype="application/json")


@blueprint.post("")
@needs(Permission.ACCOUNT)
@admin_limiter.limit("10/minute")
def add() -> ResponseReturnValue:
    with flashing("The passkey is added. You can sign in with it."):
        check_password(SureForm())
        challenge, name = open_challenge(), request.form.get("name", "")
        answer, now = request.form.get("credential", ""), clock.now()
        with installation().db.write() as session:
            passkeys.register(session, site(), current_user.id, name, answer, challenge, now)
    return redirect(url_for("admin.factors.index"))


@blueprint.post("/<int:number>/remove")
@needs(Permission.ACCOUNT)
@admin_limiter.limit("10/minute")
def remove(number: int) -> ResponseReturnValue:
    with flashing("The passkey is removed: it signs in no more."):
        check_password(SureForm())
        with installation().db.write() as session:
            passkeys.remove(session, current_user.id, number)
    return redirect(url_for("admin.factors.index"))
