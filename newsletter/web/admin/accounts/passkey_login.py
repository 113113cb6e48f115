"""Signing in with a passkey: the script asks for a challenge, and sends what was signed."""

from datetime import datetime

from flask import Blueprint, Response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from newsletter import clock
from newsletter.curators import passkeys
from newsletter.curators.passkeys import Challenge, Site
from newsletter.errors import Invalid
from newsletter.web import auth
from newsletter.web.admin.accounts.entering import let_in
from newsletter.web.admin.accounts.login import LoginForm, show_login
from newsletter.web.context import installation
from newsletter.web.limits import admin_limiter
from newsletter.web.security import SCRIPTED, content_security_policy

blueprint = Blueprint("passkey_login", __name__, url_prefix="/login/passkey")

CHALLENGE = "challenge"  # of the session's cookie


def site() -> Site:
    settings = installation().settings
    return Site(settings.base_url, settings.title)


def ask_for_proof() -> Challenge:
    """A new challenge, which this browser's cookie holds until it is answered."""
    challenge = Challenge.new(clock.now())
    session[CHALLENGE] = [challenge.nonce.hex(), challenge.made_at.isoformat()]
    return challenge


def open_challenge() -> Challenge:
    """The challenge of this browser, which is given up. Raises Invalid if there is none."""
    nonce, made_at = session.pop(CHALLENGE, None) or ("", "")
    if not nonce:
        raise Invalid(passkeys.STALE)
    return Challenge(bytes.fromhex(nonce), datetime.fromisoformat(made_at))


@blueprint.after_request
def allow_the_script(response: Response) -> Response:
    """Where the page is shown again."""
    response.headers["Content-Security-Policy"] = content_security_policy(SCRIPTED)
    return response


@blueprint.post("/options")
@admin_limiter.limit("30/minute")
def options() -> Response:
    return Response(passkeys.sign_in_options(site(), ask_for_proof()), mimetype="application/json")


@blueprint.post("")
@admin_limiter.limit("20/minute;100/hour")
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(url_for(auth.HOME))
    now = clock.now()
    try:
        challenge = open_challenge()
        with installation().db.write() as transaction:
            answer = request.form.get("credential", "")
            number = passkeys.signed_in(transaction, site(), answer, challenge, now)
    except Invalid as error:
        form = LoginForm(formdata=None, next=request.form.get("next", ""))
        form.form_errors.append(str(error))
        return show_login(form), 422
    return let_in(number, "passkey", request.form.get("next", ""))
