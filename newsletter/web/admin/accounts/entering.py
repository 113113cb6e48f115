"""The last step of each way in: a new session, and what the browser keeps of it."""

from flask import make_response, redirect, request
from werkzeug.wrappers import Response

from newsletter import clock
from newsletter.curators import accounts, logins
from newsletter.web import auth
from newsletter.web.context import installation


def let_in(curator_id: int, proof: str, target: str) -> Response:
    """Sign in who has proved who they are, and lead on to ``target`` or the overview."""
    opened, now = installation(), clock.now()
    with opened.db.write() as session:
        key = logins.open_session(session, curator_id, now, auth.place(proof))
        auth.enter(accounts.get(session, curator_id), key)
    response = make_response(redirect(auth.safe_next(target)))
    response.set_cookie(
        _device_cookie(),
        logins.device_token(opened.signer, curator_id, now),
        max_age=logins.DEVICE_FOR,
        secure=opened.settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return response


def device() -> str:
    """The token that this browser was given when its owner last signed in with it, or ""."""
    return request.cookies.get(_device_cookie(), "")


def _device_cookie() -> str:
    return "__Host-device" if installation().settings.is_https else "device"
