"""The calendar of issues, and what is on one of its days."""

from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField

from newsletter import clock
from newsletter.catalog import listing as catalog
from newsletter.curators.permissions import Permission
from newsletter.delivery.issue_run import recipients
from newsletter.errors import NotFound, Refused
from newsletter.issues import calendar, listing
from newsletter.issues.corrections import originals
from newsletter.issues.notices import ask_for_test
from newsletter.issues.schedule import local_day
from newsletter.services import planning, slots
from newsletter.services.previews import preview
from newsletter.web.admin.flash import flashing
from newsletter.web.admin.flash import show as show_beside
from newsletter.web.auth import STALE, needs, shows_again
from newsletter.web.context import installation, page_number
from newsletter.web.security import content_security_policy

blueprint = Blueprint("issues", __name__, url_prefix="/issues")

POSTS_OFFERED = 50  # the newest; an older one is planned on its own page


class WordsForm(FlaskForm):
    subject = StringField("Subject")
    preheader = StringField("Preheader")
    intro = TextAreaField("Introduction")


@blueprint.get("/")
@needs(Permission.LOOK)
def index() -> ResponseReturnValue:
    opened, now = installation(), clock.now()
    with opened.db.read() as session:
        coming = slots.coming(session, opened.settings, now)
        days = slots.post_days(session, opened.settings, now)
        today = local_day(now, opened.settings.timezone)
        return render_template(
            "admin/issues.html",
            coming=coming,
            week=slots.through_the_week(days, now),
            past=listing.begun_or_past(session, today, page_number()),
            free=slots.free(coming, now),
            free_days=slots.free(days, now),
            topics=catalog.newest_topics(session),
            posts=calendar.without_mailing(session, POSTS_OFFERED),
            posts_offered=POSTS_OFFERED,
            chosen=request.args,
        )


@blueprint.post("/")
@needs(Permission.SEND)
def plan() -> ResponseReturnValue:
    """Put a dataset on a Monday."""
    opened, now = installation(), clock.now()
    chosen: dict[str, Any] = {name: request.form.get(name) for name in ("date", "slug")}
    way_on = url_for("admin.issues.index", **chosen)
    with flashing("The Monday is taken."), opened.db.write() as session:
        day = calendar.parse_date(request.form.get("date", ""))
        planning.plan_dataset(session, opened.settings, day, request.form.get("slug", ""), now)
        way_on = url_for("admin.issues.show", day=day)
    return redirect(way_on)


@blueprint.post("/posts")
@needs(Permission.SEND)
def plan_post() -> ResponseReturnValue:
    """Put a post on a day."""
    opened, now = installation(), clock.now()
    way_on = url_for("admin.issues.index")
    with flashing("The day is taken."), opened.db.write() as session:
        day = calendar.parse_date(request.form.get("date", ""))
        slug = request.form.get("post", "")
        planned = planning.plan_post(session, opened.settings, day, slug, now)
        way_on = url_for("admin.issues.show", day=planned.issue.slot)
    return redirect(way_on)


@blueprint.get("/<day>")
@needs(Permission.LOOK)
def show(day: str) -> ResponseReturnValue:
    with installation().db.read() as session:
        form = WordsForm(obj=calendar.at(session, day))
    return _page(day, form)


@blueprint.post("/<day>")
@needs(Permission.WORDS)
def edit(day: str) -> ResponseReturnValue:
    """Write the subject, the preheader and the introduction."""
    form = WordsForm()
    words = [(field.data or "").replace("\r\n", "\n") for field in
             (form.subject, form.preheader, form.intro)]  # fmt: skip
    try:
        with installation().db.write() as session:
            calendar.edit(session, calendar.at(session, day), *words)
    except NotFound:
        raise
    except Refused as error:
        show_beside(form, error)
        return _page(day, form), 422
    flash("Saved.", "done")
    return redirect(url_for("admin.issues.show", day=day))


@shows_again(edit)
def edit_again(day: str) -> Response:
    form = WordsForm()
    form.form_errors.append(STALE)
    return _page(day, form)


@blueprint.post("/<day>/test")
@needs(Permission.WORDS)
def send_test(day: str) -> ResponseReturnValue:
    """Mail the issue as it stands to whoever asks, and to nobody else."""
    me = current_user.address
    with flashing(f"A test is on its way to {me}."), installation().db.write() as session:
        ask_for_test(session, calendar.at(session, day), me, clock.now())
    return redirect(url_for("admin.issues.show", day=day))


def _page(day: str, form: WordsForm) -> Response:
    opened = installation()
    with opened.db.read() as session:
        issue = calendar.at(session, day)
        page = render_template(
            "admin/issue.html",
            slot=slots.of_issue(session, opened.settings, issue),
            issue=issue,
            readers=recipients.count(session, issue),
            originals=originals(session, issue),
            form=form,
            preview=preview(session, opened, issue),
        )
    response = make_response(page)
    policy = content_security_policy({"frame-src": "'self'"})
    response.headers["Content-Security-Policy"] = policy
    return response
