"""Errors become statuses here, and nowhere else: each a calm page with a way on. Adding one is
a class in ``errors``, and an entry here where none of its bases has the right status.
"""

import logging
from dataclasses import dataclass

from flask import Flask, render_template, request
from werkzeug.exceptions import HTTPException, SecurityError

from newsletter.errors import (
    BadToken,
    Busy,
    Conflict,
    Damaged,
    ExpiredToken,
    NewsletterError,
    NoRoom,
    NotFound,
    Refused,
    TooLarge,
    TooMany,
    Withdrawn,
)
from newsletter.outages import is_away, outage, summary

log = logging.getLogger(__name__)

# The first class that an error is one of decides; an error of none of them is a fault of ours.
STATUSES: dict[type[NewsletterError], int] = {
    Withdrawn: 410,
    NotFound: 404,
    BadToken: 404,
    ExpiredToken: 410,
    Conflict: 409,
    TooMany: 429,
    Busy: 503,
    NoRoom: 507,
    TooLarge: 413,
    Damaged: 460,  # of the protocol of uploads
    Refused: 422,
}


Answer = tuple[str, int, dict[str, str]]
RETRY_AFTER = {429: 3600, 503: 60}  # seconds: every limit is by the hour
UNKNOWN_HOST = "This site does not answer to that name.\n"


@dataclass(frozen=True, slots=True)
class Page:
    """What an error page says, and whether a new subscription would help."""

    title: str
    sentence: str
    ask_again: bool = False


PAGES = {
    400: Page("That did not work", "The request could not be read. Go back and try again."),
    403: Page("Not yours to see", "Your account does not open this page."),
    404: Page("There is nothing here", "The address may have a slip in it."),
    405: Page("That did not work", "This page does not take that kind of request."),
    410: Page("This link has expired", "Ask for a new one below.", ask_again=True),
    413: Page("That is too large", "Send a smaller file."),
    429: Page("One moment, please", "That was asked too often. Try again in an hour."),
    500: Page("Something broke here", "It is our fault and was written down. Try again later."),
    507: Page("There is no room", "The disk of the server is full. Try again later."),
    503: Page("One moment, please", "There is much to do just now. Try again in a minute."),
}


def register(app: Flask) -> None:
    app.register_error_handler(NewsletterError, _refused)
    app.register_error_handler(SecurityError, _not_our_name)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)


def status_of(error: NewsletterError) -> int:
    """The HTTP status that ``error`` means: 500 for one that is no refusal."""
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)


def _refused(error: NewsletterError) -> Answer:
    status = status_of(error)
    if status == 500:
        return _broken(error)
    sentence = None if status == 404 and not isinstance(error, BadToken) else str(error)
    return _page(status, sentence, error.retry_after if isinstance(error, Busy) else None)


def _http(error: HTTPException) -> Answer | HTTPException:
    status = error.code or 500
    if status < 400 or error.response is not None:
        return error  # a redirect is an exception too, and some bring their page along
    said_here = error.description != type(error).description
    return _page(status, error.description if said_here else None)


def _not_our_name(_: SecurityError) -> Answer:
    """In plain words: for a Host that is not ours there are no addresses to build links from."""
    return UNKNOWN_HOST, 400, {"Content-Type": "text/plain; charset=utf-8"}


def _broken(error: Exception) -> Answer:
    if is_away(error):
        outage.note(summary(error))
        return _page(503, "The database does not answer just now. Try again in a minute.")
    # The endpoint and not the path, which may hold a token.
    place = request.endpoint or "no page"
    log.error("A request to %s failed.", place, exc_info=error, extra={"event": "request.failed"})
    return _page(500)


def _page(status: int, sentence: str | None = None, retry_after: int | None = None) -> Answer:
    page = PAGES.get(status, PAGES[400] if status < 500 else PAGES[500])
    seconds = retry_after or RETRY_AFTER.get(status)
    headers = {"Retry-After": str(seconds)} if seconds else {}
    text = render_template("site/error.html", page=page, sentence=sentence or page.sentence)
    return text, status, headers
