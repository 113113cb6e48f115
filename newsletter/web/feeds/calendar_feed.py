"""The calendar of Mondays, for the calendars of readers."""

from datetime import timedelta

from flask import Blueprint, Response, make_response

from newsletter import clock
from newsletter.issues import listing
from newsletter.issues.archive import PUBLIC
from newsletter.issues.ics import Feed, calendar_of
from newsletter.issues.schedule import local_day
from newsletter.models.issue import Kind
from newsletter.web.context import installation, public_url
from newsletter.web.responses.cors import open_to_all
from newsletter.web.responses.page_cache import kept

blueprint = Blueprint("mondays", __name__)

KEPT_FOR = timedelta(days=365)  # since the day of an issue


@blueprint.get("/calendar.ics")
@kept
def mondays() -> Response:
    """Those that are planned, without what they open, and those of the last year."""
    settings = installation().settings
    today = local_day(clock.now(), settings.timezone)
    with installation().db.read() as session:
        shown = [
            issue
            for issue in listing.since(session, today - KEPT_FOR, Kind.REGULAR)
            if issue.date >= today or issue.state in PUBLIC
        ]
        feed = Feed(
            title=settings.title,
            host=settings.host,
            home=public_url("home.home"),
            url=public_url("mondays.mondays"),
        )
        response = make_response(calendar_of(feed, shown))
    response.mimetype = "text/calendar"
    response.mimetype_params["charset"] = "utf-8"
    return open_to_all(response)
