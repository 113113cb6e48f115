"""How often one visitor, one network and everyone together may send a form.

Counted in this process's memory, so several web processes allow as many times
more; the limits on mail to one address are in the database
(audience.confirmation_limits). What is refused takes of the sender's own allowance,
and of nobody else's.
"""

from flask import Flask
from flask_limiter import Limiter

from newsletter.web.context import client_address, client_network, is_accepted
from newsletter.web.site import contribute, subscribe


def everyone() -> str:
    return "everyone"


SUBSCRIBING = (
    ("10 per hour", client_address),
    ("60 per hour", client_network),
    ("2000 per hour", everyone),
)
TAKING_PART = (
    ("10 per hour", client_address),
    ("30 per hour", client_network),
    ("200 per hour", everyone),
)
TOO_OFTEN = "That was asked too often from here. Try again in an hour."


# Of who signs in, beside the tries that are counted by account in the database
# (newsletter.curators.logins).
admin_limiter = Limiter(client_address, storage_uri="memory://", key_prefix="admin")


def register(app: Flask) -> None:
    limiter = Limiter(client_address, app=app, storage_uri="memory://")
    for limit, key in SUBSCRIBING:
        limited = limiter.limit(
            limit,
            key_func=key,
            methods=["POST"],
            error_message=TOO_OFTEN,
            deduct_when=is_accepted if key is everyone else None,
        )
        limited(subscribe.blueprint)
    for limit, key in TAKING_PART:
        limited = limiter.shared_limit(
            limit,
            scope="taking part",  # both forms together
            key_func=key,
            methods=["POST"],
            deduct_when=is_accepted if key is everyone else None,
            on_breach=contribute.too_often,
        )
        limited(contribute.blueprint)
