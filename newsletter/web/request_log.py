"""A line for each request, where the operator wants one (``NEWSLETTER_REQUEST_LOG``).

Never in it: what follows a question mark, the token of a link, a whole address of a visitor, the
program that they use, or from where they came.
"""

import logging
from urllib.parse import quote

from flask import Flask, Response, g, request

from newsletter import clock
from newsletter.settings import RequestLog
from newsletter.web.context import client_network

log = logging.getLogger(__name__)

UNCOUNTED = "newsletter.uncounted"  # in the environment of what nobody has asked for
SECRET = "(token)"  # noqa: S105 - stands in the place of one
ARGUMENT = "token"  # of rules: whoever has it needs nothing else


def register(app: Flask, kind: RequestLog) -> None:
    """Before all else that answers requests, so that none of them is missing."""
    if kind is RequestLog.OFF:
        return

    @app.before_request
    def begin() -> None:
        g.began = clock.steady()

    @app.after_request
    def end(response: Response) -> Response:
        if UNCOUNTED in request.environ:
            return response
        who = f"{client_network()} " if kind is RequestLog.NETWORKS else ""
        log.info(
            "%s%s %s %s %s %.0f ms",
            who,
            request.method,
            path(),
            response.status_code,
            response.content_length if response.content_length is not None else "-",
            1000 * (clock.steady() - g.began),
            extra={"event": "request", "status": response.status_code},
        )
        return response


def path() -> str:
    """What was asked for, with a word in the place of each secret."""
    secret = str((request.view_args or {}).get(ARGUMENT, ""))
    shown = request.path.replace(secret, SECRET) if secret else request.path
    return quote(shown, safe="/~@:+,;=()")
