"""Shared code becomes the draft of a post: its file, with what a post says of itself."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.errors import Conflict, Invalid, Refused
from newsletter.models.submission import Submission
from newsletter.posts import front_matter, posts
from newsletter.posts.front_matter import FrontMatter
from newsletter.posts.intake import PostFile, import_post
from newsletter.posts.languages import LANGUAGES
from newsletter.submissions import queue
from newsletter.web.admin.flash import show
from newsletter.web.admin.posts.submissions import may_be_a_post
from newsletter.web.auth import STALE, shows_again
from newsletter.web.context import installation

blueprint = Blueprint("submission_post", __name__, url_prefix="/submissions")

# Of each version by its number: its tables with their checksums.
Choices = dict[str, dict[str, str]]
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
def make(number: int) -> ResponseReturnValue:
    form = PostForm()
    with installation().db.read() as session:
        submission = queue.get(session, number)
        choices = _choices(submission)
    if not may_be_a_post(submission) or not choices:
        flash("Only a notebook or Markdown, sent as a file, can be made a post.", "refused")
        return redirect(url_for("admin.submissions.show", number=number))
    if not form.is_submitted():
        _fill(form, submission)
        return _page(form, submission, choices)
    try:
        queue.refuse_decided(submission)
        _brought_up(form, submission, choices)
    except Refused as error:
        show(form, _beside_fields(error))
        return _page(form, submission, choices), 422
    flash("It is accepted. The draft of the post is made.", "done")
    return redirect(url_for("admin.submissions.show", number=number))


@shows_again(make)
def make_again(number: int) -> str:
    form = PostForm()
    form.form_errors.append(STALE)
    with installation().db.read() as session:
        submission = queue.get(session, number)
        return _page(form, submission, _choices(submission))


def _brought_up(form: PostForm, submission: Submission, choices: Choices) -> None:
    """Read the file, and record the draft and the decision at once. Raises Refused."""
    opened, now = installation(), clock.now()
    front = _front_matter(form, submission, choices)
    with opened.storage.open(submission.file_key or "") as file:
        content = file.read()
    taken = import_post(PostFile(submission.file_name or "", content, given=front), opened.storage)
    with opened.db.write() as session:
        dataset = datasets.get(session, _slug(submission))
        _refuse_taken(session, front)
        post = posts.upsert(session, posts.version_for(session, dataset, taken), taken, now)
        by, words = current_user.address, form.answer.data or ""
        queue.accept(session, opened.signer, submission.id, by, words, now, post=post)


def _front_matter(form: PostForm, submission: Submission, choices: Choices) -> FrontMatter:
    slug, number = _slug(submission), form.version.data or ""
    if number not in choices:
        raise Invalid("Choose a version.", {"version": "Choose one of the published versions."})
    named = ("title", "question", "author", "license", "language")
    written = {name: (form[name].data or "").strip() for name in named}
    requires = [line.strip() for line in (form.requires.data or "").splitlines()]
    return front_matter.from_mapping(
        written
        | {
            "version": number,
            "data": choices[number],
            "requires": [line for line in requires if line],
            # Of the title: what a stranger called the file might be a post of ours.
            "slug": front_matter.slug_of(slug, written["title"]),
        }
    )


def _refuse_taken(session: Session, front: FrontMatter) -> None:
    if front.slug and posts.find(session, front.slug):
        sentence = "There is a post of that name already: choose another title."
        raise Conflict(sentence)


def _beside_fields(error: Refused) -> Refused:
    """With what is wrong with a part of a field beside the whole of it."""
    if not isinstance(error, Invalid):
        return error
    return Invalid(str(error), {path.partition(".")[0]: s for path, s in error.fields.items()})


def _choices(submission: Submission) -> Choices:
    """The published versions of its dataset, the newest first."""
    if submission.dataset is None:
        return {}
    return {
        version.number: {table.name: table.files["csv"]["sha256"] for table in version.tables}
        for version in datasets.published_versions(submission.dataset)
    }


def _slug(submission: Submission) -> str:
    """Of the dataset that it is about."""
    if submission.dataset is None:
        raise Conflict("The dataset that it is about is gone: decline it.")
    return submission.dataset.slug


def _fill(form: PostForm, submission: Submission) -> None:
    form.title.data, form.author.data = submission.title, submission.name
    form.license.data = submission.license
    form.question.data = " ".join(submission.about.split("\n", 1)[0].split())[:200]


def _page(form: PostForm, submission: Submission, choices: Choices) -> str:
    form.version.choices = [SelectChoice(number, number) for number in choices]
    return render_template("admin/submission_post.html", form=form, submission=submission)
