"""What changed since the last version, the number that it asks for, and corrections."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from newsletter import clock, jobs
from newsletter.catalog import datasets, semver
from newsletter.catalog.versions import changes
from newsletter.curators.permissions import Permission
from newsletter.errors import Refused
from newsletter.installation import Installation
from newsletter.issues import calendar, corrections, listing
from newsletter.issues.schedule import local_day
from newsletter.models.dataset import Version, VersionState
from newsletter.models.issue import Kind
from newsletter.tables.diff import Diff, words
from newsletter.web.admin.flash import flashing, show
from newsletter.web.auth import STALE, needs, require, shows_again
from newsletter.web.context import installation

blueprint = Blueprint("versions", __name__, url_prefix="/datasets")

NOBODY = "nobody"
MAILS = (
    SelectChoice(NOBODY, "Nobody by mail: it stands on the page and in the feeds"),
    SelectChoice("now", "Those who got what was wrong, now"),
    SelectChoice("day", "Those who got what was wrong, on a day"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A version beside the published one before it, as a curator looks at it."""

    diff: Diff
    line: str
    facts: list[words.Line]
    warning: str  # that its number says less than what changed; empty: it does not
    proposed: str


class CorrectionForm(FlaskForm):
    note = TextAreaField("What was wrong")
    since = SelectField("The first version that was wrong", validate_choice=False)
    mail = RadioField("Who is told", choices=MAILS, default=NOBODY, validate_choice=False)
    day = StringField("Day")


def step_of(version: Version) -> Step | None:
    """What ``version`` changes; None: nothing was published before it."""
    diff = changes.since_published(version, installation().storage)
    if diff is None:
        return None
    return Step(
        diff,
        words.in_one_line(diff),
        words.facts(diff),
        semver.understated(diff),
        semver.proposed(diff),
    )


@blueprint.post("/<slug>/number")
@needs(Permission.DRAFT)
def renumber(slug: str) -> ResponseReturnValue:
    """Give the draft another number; a warning says if that is too little."""
    number = request.form.get("number", "").strip()
    with flashing(f"The draft is {number} now."), installation().db.write() as session:
        datasets.renumber(session, slug, number)
    return redirect(url_for("admin.datasets.show", slug=slug))


@blueprint.get("/<slug>/correct")
@needs(Permission.PUBLISH)
def ask(slug: str) -> ResponseReturnValue:
    return _page(slug, CorrectionForm())


@blueprint.post("/<slug>/correct")
@needs(Permission.PUBLISH)
def correct(slug: str) -> ResponseReturnValue:
    """Publish the newest version as the correction of the one before."""
    form, opened, now = CorrectionForm(), installation(), clock.now()
    if form.mail.data != NOBODY:
        require(Permission.SEND)
    today = local_day(now, opened.settings.timezone)
    try:
        day = _day(form, today)
        with opened.db.write() as session:
            done = corrections.correct(
                session, slug, form.note.data or "", today, now, form.since.data or None, day
            )
            number, dataset_id = done.version.number, done.version.dataset_id
    except Refused as error:
        show(form, error)
        return _page(slug, form), 422
    jobs.compare_dataset(opened, dataset_id, now)
    flash(f"It is corrected by {number}.", "done")
    if day is None:
        return redirect(url_for("admin.datasets.show", slug=slug))
    return redirect(_mailed(opened, day, form.mail.data == "now", now))


@shows_again(correct)
def correct_again(slug: str) -> str:
    form = CorrectionForm()
    form.form_errors.append(STALE)
    return _page(slug, form)


def _day(form: CorrectionForm, today: date) -> date | None:
    """When the mail goes out; None: there is none. Raises Invalid."""
    match form.mail.data:
        case "now":
            return today
        case "day":
            try:
                return calendar.parse_date(form.day.data or "")
            except Refused as error:
                form.day.errors = [str(error)]
                raise
    return None


def _mailed(opened: Installation, day: date, at_once: bool, now: datetime) -> str:
    """Begin the mail if it goes out now; the page to go on to."""
    with opened.db.read() as session:
        slot = calendar.get(session, day, Kind.CORRECTION).slot
    if at_once:
        with flashing("The correction is being sent."):
            jobs.publish_issue(opened, day, now, Kind.CORRECTION)
    return url_for("admin.issues.show", day=slot)


def _page(slug: str, form: CorrectionForm) -> str:
    if Permission.SEND not in current_user.permissions:
        form.mail.choices = MAILS[:1]
    with installation().db.read() as session:
        version = datasets.newest(session, slug)
        earlier = _may_be_wrong(version)
        form.since.choices = [(other.number, other.number) for other in earlier]
        return render_template(
            "admin/correct.html",
            form=form,
            version=version,
            earlier=earlier,
            step=step_of(version),
            issues=_opened_by(session, earlier),
        )


def _may_be_wrong(version: Version) -> list[Version]:
    """The published versions before ``version``, the newest first."""
    published = datasets.published_versions(version.dataset)
    return [other for other in published if other.id < version.id]


def _opened_by(session: Session, versions: list[Version]) -> list[str]:
    """The names of the issues that opened one of ``versions``."""
    return [
        f"{issue.title}, {issue.slot}"
        for issue in listing.opening(session, [version.id for version in versions])
        if issue.frozen_at is not None
    ]


def may_correct(version: Version) -> bool:
    """Whether there is something that ``version`` could correct."""
    earlier = _may_be_wrong(version)
    drafted = version.state is VersionState.DRAFT
    return bool(earlier) and (drafted or earlier[0].erratum is None)
