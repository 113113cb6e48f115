"""Signing in at an identity provider: the browser goes there, and comes back with an answer.

Whoever begins it gets a state in this browser's cookie, and only with that does an answer count:
nobody is signed in by a link that another made.
"""

import logging
from datetime import datetime

from flask import Blueprint, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from newsletter import clock
from newsletter.audit.recorder import answerable
from newsletter.curators import identities, identity_provider
from newsletter.curators.identity_provider import Errand, Provider
from newsletter.errors import Invalid, NotFound, Refused
from newsletter.web import auth
from newsletter.web.admin.accounts.entering import let_in
from newsletter.web.context import client_network, installation
from newsletter.web.limits import admin_limiter

blueprint = Blueprint("provider_login", __name__, url_prefix="/login/provider")
log = logging.getLogger(__name__)

ERRAND = "errand"  # of the session's cookie


@blueprint.get("")
@admin_limiter.limit("10/minute;60/hour")
@admin_limiter.limit("240/hour", key_func=client_network)
def begin() -> ResponseReturnValue:
    target = request.args.get("next", "")
    if current_user.is_authenticated:
        return redirect(auth.safe_next(target))
    errand = Errand.new(clock.now())
    try:
        address = identity_provider.begin(_provider(), _back(), errand)
    except Refused as error:
        return _refused(error, target)
    session.clear()
    session[ERRAND] = [
        *(errand.state, errand.nonce, errand.verifier, errand.begun_at.isoformat()),
        auth.safe_next(target),
    ]
    return redirect(address)


@blueprint.get("/back")
@admin_limiter.limit("10/minute;60/hour")
@admin_limiter.limit("240/hour", key_func=client_network)
def come_back() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(url_for(auth.HOME))
    kept, now = session.pop(ERRAND, None), clock.now()
    target = kept[-1] if kept else ""
    try:
        errand = _errand(kept)
        identity = identity_provider.identify(_provider(), _back(), errand, request.args, now)
        with installation().db.write() as transaction:
            curator = identities.curator_of(transaction, identity, now)
            answerable(transaction, curator.address)
            number = curator.id
    except Refused as error:
        return _refused(error, target)
    return let_in(number, identities.PROOF, target)


def _errand(kept: list[str] | None) -> Errand:
    """The one that this browser is on. Raises Invalid."""
    if not kept:
        raise Invalid(identity_provider.STALE)
    state, nonce, verifier, begun_at, _ = kept
    return Errand(state, nonce, verifier, datetime.fromisoformat(begun_at))


def _provider() -> Provider:
    """Raises NotFound."""
    provider = Provider.of(installation().settings)
    if provider is None:
        raise NotFound("No identity provider is set up here.")
    return provider


def _back() -> str:
    """The address that the provider has to know."""
    return installation().settings.base_url + url_for("admin.provider_login.come_back")


def _refused(error: Refused, target: str) -> Response:
    """The way in, with the reason; the answer of the provider does not stay in the address."""
    level = logging.WARNING if error.__cause__ else logging.INFO  # the provider's, or a person's
    log.log(
        level,
        "Nobody was signed in by the identity provider: %s %s",
        error,
        error.__cause__ or "",
        extra={"event": "sign_in.provider_refused"},
    )
    flash(str(error), "refused")
    return redirect(url_for("admin.login.sign_in", next=target or None))
