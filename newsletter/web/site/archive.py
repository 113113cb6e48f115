"""The archive: every issue that went out, as it was mailed."""

from itertools import groupby

from flask import Blueprint, Response, abort, make_response, render_template
from sqlalchemy.orm import Session

from newsletter.errors import NotFound
from newsletter.issues import calendar
from newsletter.models.issue import Issue
from newsletter.web.context import installation
from newsletter.web.security import FOREIGN_DOCUMENT, content_security_policy
from newsletter.web.site.stored import send_chart

blueprint = Blueprint("archive", __name__)


@blueprint.get("/issues/")
def index() -> str:
    with installation().db.read() as session:
        issues = calendar.public_issues(session)
        years = [(year, list(of_it)) for year, of_it in groupby(issues, lambda i: i.date.year)]
        return render_template("site/archive.html", years=years)


@blueprint.get("/issues/<day>")
def issue(day: str) -> Response:
    """The mail's own HTML, frozen when sending began.

    It is a whole document with inline styles, so it is not put into a page of
    ours: it has a policy of its own, under which it can only be looked at.
    """
    with installation().db.read() as session:
        page = _public_issue(session, day).page
    if page is None:
        abort(404)
    response = make_response(page)
    response.headers["Content-Security-Policy"] = content_security_policy(FOREIGN_DOCUMENT)
    return response


@blueprint.get("/issues/<day>/chart.png")
def chart(day: str) -> Response:
    with installation().db.read() as session:
        version = _public_issue(session, day).version
        key = version.chart_png if version else None
    return send_chart(key)


def _public_issue(session: Session, day: str) -> Issue:
    """The issue of a slot (see ``Issue.slot``), if readers may see it. Raises NotFound."""
    for found in calendar.public_issues(session):
        if found.slot == day:
            return found
    raise NotFound("There is no issue of that date.")
