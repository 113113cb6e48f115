"""Confirming, choosing and leaving, each by the signed link of a mail.

GET and HEAD show a page and change nothing, so no scanner or preview of a
mail program confirms or unsubscribes anybody. POST acts at once, without
cookie, login or redirect (RFC 8058); the token in the address is the authority.
"""

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.audience import links, subscriptions
from newsletter.audience.links import CONFIRM, PREFERENCES, UNSUBSCRIBE
from newsletter.errors import Invalid
from newsletter.models.subscriber import Subscriber
from newsletter.web.context import installation
from newsletter.web.site.timezones import grouped

blueprint = Blueprint("subscription", __name__)


@blueprint.after_request
def keep_the_link_private(response: Response) -> Response:
    """The address of these pages is a secret: not stored, not indexed, not passed on."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.get("/confirm/<token>")
def confirm_page(token: str) -> str:
    with installation().db.read() as session:
        address = _whose(session, CONFIRM, token).address
    return render_template("site/confirm.html", address=address)


@blueprint.post("/confirm/<token>")
def confirm(token: str) -> str:
    with installation().db.write() as session:
        subscriber = _whose(session, CONFIRM, token)
        subscriptions.confirm(subscriber, clock.now())
    return _preferences(subscriber, welcome=True)


@blueprint.get("/preferences/<token>")
def preferences_page(token: str) -> str:
    with installation().db.read() as session:
        return _preferences(_whose(session, PREFERENCES, token))


@blueprint.post("/preferences/<token>")
def preferences(token: str) -> str | tuple[str, int]:
    cadence, timezone = request.form.get("cadence", ""), request.form.get("timezone", "")
    with installation().db.write() as session:
        subscriber = _whose(session, PREFERENCES, token)
        try:
            subscriptions.choose(subscriber, cadence, timezone)
        except Invalid as error:
            return _preferences(subscriber, wrong=error.fields), 422
    return _preferences(subscriber, saved=True)


@blueprint.get("/unsubscribe/<token>")
def unsubscribe_page(token: str) -> str:
    with installation().db.read() as session:
        address = _whose(session, UNSUBSCRIBE, token).address
    return render_template("site/unsubscribe.html", address=address, left=False)


@blueprint.post("/unsubscribe/<token>")
def unsubscribe(token: str) -> str:
    with installation().db.write() as session:
        left = subscriptions.leave_by_token(session, installation().signer, token, clock.now())
    address = left.address if left else None
    return render_template("site/unsubscribe.html", address=address, left=True)


def _whose(session: Session, purpose: str, token: str) -> Subscriber:
    """Raises BadToken or ExpiredToken."""
    return links.by_token(session, installation().signer, purpose, token, clock.now())


def _preferences(
    subscriber: Subscriber,
    welcome: bool = False,
    saved: bool = False,
    wrong: dict[str, str] | None = None,
) -> str:
    """The form with what is kept, and the links that only this subscriber may have."""
    signer = installation().signer
    return render_template(
        "site/preferences.html",
        subscriber=subscriber,
        timezones=grouped(subscriber.timezone),
        settings=installation().settings,
        preferences_token=links.token_of(signer, PREFERENCES, subscriber),
        unsubscribe_token=links.token_of(signer, UNSUBSCRIBE, subscriber),
        welcome=welcome,
        saved=saved,
        wrong=wrong or {},
    )
