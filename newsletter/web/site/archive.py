"""The archive: every issue that went out, as it was mailed."""

from collections.abc import Collection, Mapping
from functools import partial
from itertools import groupby

from flask import Blueprint, Response, abort, make_response, render_template
from sqlalchemy.orm import Session

from newsletter.errors import NotFound, Withdrawn
from newsletter.issues import archive, round_up
from newsletter.issues.archive import ListedIssue
from newsletter.mailing.frozen import FrozenMessage
from newsletter.mailing.message import image_of
from newsletter.paging import cut
from newsletter.posts.posts import is_public
from newsletter.posts.search import languages_by_dataset
from newsletter.web.context import installation, page_number
from newsletter.web.responses.file_responses import for_ever, send_chart
from newsletter.web.responses.page_cache import kept
from newsletter.web.security import FOREIGN_DOCUMENT, content_security_policy
from newsletter.web.site.archive_filter import Narrowing, choices

blueprint = Blueprint("archive", __name__)


@blueprint.get("/issues/")
@kept
def index() -> str:
    narrowing = Narrowing.asked()
    with installation().db.read() as session:
        written = languages_by_dataset(session)
        everything = [(issue, _languages(issue, written)) for issue in archive.listed(session)]
        wanted = [
            issue.id
            for issue, languages in everything
            if narrowing.admits(issue.topic, issue.year, languages)
        ]
        page = cut(wanted, page_number()).filled(partial(archive.load, session))
    return render_template(
        "site/archive.html",
        asked=narrowing,
        choices=choices(
            (issue.topic for issue, _ in everything if issue.topic is not None),
            (issue.year for issue, _ in everything),
            (language for _, languages in everything for language in languages),
        ),
        page=page,
        years=[(year, list(of_it)) for year, of_it in groupby(page.rows, lambda i: i.date.year)],
        count=len(everything),
    )


@blueprint.get("/issues/<day>")
@kept
def issue(day: str) -> Response:
    """The mail's own HTML, frozen when sending began.

    It is a whole document with inline styles, so it is not put into a page of
    ours: it has a policy of its own, under which it can only be looked at.
    """
    with installation().db.read() as session:
        try:
            page = archive.page_of(session, day)
        except Withdrawn:
            return make_response(_without_data(session, day))
    if page is None:
        abort(404)
    response = make_response(page)
    response.headers["Content-Security-Policy"] = content_security_policy(FOREIGN_DOCUMENT)
    return response


def _without_data(session: Session, day: str) -> str:
    """What stands in the place of an issue whose data were withdrawn."""
    issue = archive.get(session, day)
    told_of = round_up.posts_of(session, issue, installation().settings)
    posts = [post for post in told_of if is_public(post)]
    return render_template("site/issue_withdrawn.html", issue=issue, posts=posts)


@blueprint.get("/issues/<day>/chart.png")
def chart(day: str) -> Response:
    with installation().db.read() as session:
        key = archive.chart_of(session, day)
    return send_chart(key)


@blueprint.get("/issues/<day>/<name>.png")
def image(day: str, name: str) -> Response:
    """An image of an issue as it was mailed: what it was drawn from may be drawn anew."""
    with installation().db.read() as session:
        message = archive.message_of(session, day)
    if message is None or (png := image_of(FrozenMessage.from_bytes(message), name)) is None:
        raise NotFound("The issue has no such image.")
    response = make_response(png)
    response.mimetype = "image/png"
    return for_ever(response)


def _languages(issue: ListedIssue, written: Mapping[int, set[str]]) -> Collection[str]:
    """In which there is code in an issue, or on its dataset."""
    if issue.language is not None:
        return (issue.language,)
    return written.get(issue.topic.dataset_id, ()) if issue.topic else ()
