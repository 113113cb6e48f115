"""Shared code becomes the draft of a post: its file, with what a post says of itself."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from newsletter import clock
from newsletter.curators.permissions import Permission
from newsletter.errors import Invalid, Refused
from newsletter.models.submission import Submission
from newsletter.posts.languages import LANGUAGES
from newsletter.services.submission_post import (
    PostWords,
    Versions,
    accept_as_post,
    may_be_a_post,
    versions_of,
)
from newsletter.submissions import queue
from newsletter.web.admin.flash import show
from newsletter.web.auth import STALE, needs, shows_again
from newsletter.web.context import installation

blueprint = Blueprint("submission_post", __name__, url_prefix="/submissions")

CHOICES = [SelectChoice(language.name, language.title) for language in LANGUAGES]


class PostForm(FlaskForm):
    title = StringField("Title")
    question = StringField("The question that it answers")
    author = StringField("Author")
    license = StringField("Licence")
    language = SelectField("Language", choices=CHOICES, default="python")
    version = SelectField("Version of the dataset", validate_choice=False)
    requires = TextAreaField("What it requires")
    answer = TextAreaField("A word to the person")


@blueprint.route("/<int:number>/post", methods=["GET", "POST"])
@needs(Permission.ANSWER)
def make(number: int) -> ResponseReturnValue:
    form = PostForm()
    with installation().db.read() as session:
        submission = queue.get(session, number)
        versions = versions_of(session, submission)
    if not may_be_a_post(submission) or not versions:
        flash("Only a notebook or Markdown, sent as a file, can be made a post.", "refused")
        return redirect(url_for("admin.submissions.show", number=number))
    if not form.is_submitted():
        _fill(form, submission)
        return _page(form, submission, versions)
    try:
        answer = form.answer.data or ""
        accept_as_post(
            installation(), number, _words(form), current_user.address, answer, clock.now()
        )
    except Refused as error:
        show(form, _beside_fields(error))
        return _page(form, submission, versions), 422
    flash("It is accepted. The draft of the post is made.", "done")
    return redirect(url_for("admin.submissions.show", number=number))


@shows_again(make)
def make_again(number: int) -> str:
    form = PostForm()
    form.form_errors.append(STALE)
    with installation().db.read() as session:
        submission = queue.get(session, number)
        return _page(form, submission, versions_of(session, submission))


def _words(form: PostForm) -> PostWords:
    named = ("title", "question", "author", "license", "language", "version")
    requires = [line.strip() for line in (form.requires.data or "").splitlines()]
    return PostWords(
        **{name: (form[name].data or "").strip() for name in named},
        requires=tuple(filter(None, requires)),
    )


def _beside_fields(error: Refused) -> Refused:
    """With what is wrong with a part of a field beside the whole of it."""
    if not isinstance(error, Invalid):
        return error
    return Invalid(str(error), {path.partition(".")[0]: s for path, s in error.fields.items()})


def _fill(form: PostForm, submission: Submission) -> None:
    form.title.data, form.author.data = submission.title, submission.name
    form.license.data = submission.license
    form.question.data = " ".join(submission.about.split("\n", 1)[0].split())[:200]


def _page(form: PostForm, submission: Submission, versions: Versions) -> str:
    form.version.choices = [SelectChoice(number, number) for number in versions]
    return render_template("admin/submission_post.html", form=form, submission=submission)
