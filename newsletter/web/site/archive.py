"""The archive: every issue that went out, as it was mailed."""

from collections.abc import Collection, Mapping
from itertools import groupby

from flask import Blueprint, Response, abort, make_response, render_template
from sqlalchemy.orm import Session

from newsletter.errors import NotFound
from newsletter.issues import calendar
from newsletter.mailing.frozen import FrozenMessage
from newsletter.mailing.message import image_of
from newsletter.models.issue import Issue
from newsletter.posts import posts
from newsletter.web.context import installation
from newsletter.web.security import FOREIGN_DOCUMENT, content_security_policy
from newsletter.web.site.archive_filter import Narrowing, choices, languages_by_dataset
from newsletter.web.site.file_responses import for_ever, send_chart

blueprint = Blueprint("archive", __name__)


@blueprint.get("/issues/")
def index() -> str:
    asked = Narrowing.asked()
    with installation().db.read() as session:
        issues = calendar.public_issues(session)
        written = languages_by_dataset(posts.published(session))
        found = [
            issue
            for issue in issues
            if asked.admits(issue.version, issue.date.year, _languages(issue, written))
        ]
        years = [(year, list(of_it)) for year, of_it in groupby(found, lambda i: i.date.year)]
        offered = choices(
            (issue.version for issue in issues if issue.version is not None),
            (issue.date.year for issue in issues),
            (language for issue in issues for language in _languages(issue, written)),
        )
        return render_template(
            "site/archive.html",
            asked=asked,
            choices=offered,
            years=years,
            found=len(found),
            count=len(issues),
        )


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


@blueprint.get("/issues/<day>/<name>.png")
def image(day: str, name: str) -> Response:
    """An image of an issue as it was mailed: what it was drawn from may be drawn anew."""
    with installation().db.read() as session:
        message = _public_issue(session, day).message
    if message is None or (png := image_of(FrozenMessage.from_bytes(message), name)) is None:
        raise NotFound("The issue has no such image.")
    response = make_response(png)
    response.mimetype = "image/png"
    return for_ever(response)


def _languages(issue: Issue, written: Mapping[int, set[str]]) -> Collection[str]:
    """In which there is code in an issue, or on its dataset."""
    if issue.post is not None:
        return (issue.post.language,)
    return written.get(issue.version.dataset_id, ()) if issue.version else ()


def _public_issue(session: Session, day: str) -> Issue:
    """The issue of a slot (see ``Issue.slot``), if readers may see it. Raises NotFound."""
    for found in calendar.public_issues(session):
        if found.slot == day:
            return found
    raise NotFound("There is no issue of that date.")
