"""Bringing a post: a Markdown file or a notebook, for a dataset."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import HiddenField, SelectField
from wtforms.fields import SelectChoice

from newsletter import clock
from newsletter.catalog import listing
from newsletter.curators.permissions import Permission
from newsletter.errors import Invalid, Refused
from newsletter.posts.intake import PostFile
from newsletter.posts.reading.parsed_post import MAX_BYTES
from newsletter.services.datasets.upload_files import open_file
from newsletter.services.post_save import SavedPost, save
from newsletter.web.admin.flash import show
from newsletter.web.auth import STALE, needs, shows_again
from newsletter.web.context import installation
from newsletter.web.uploads import Upload, note_of, read_note, store_upload

blueprint = Blueprint("post_upload", __name__, url_prefix="/posts")


class PostUploadForm(FlaskForm):
    dataset = SelectField("Dataset", validate_choice=False)
    file = FileField("File")
    stored = HiddenField()  # the note of a file that came before


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Permission.DRAFT)
def new() -> ResponseReturnValue:
    form = PostUploadForm()
    if not form.is_submitted():
        form.dataset.data = request.args.get("dataset")
        return _page(form, None)
    upload = _kept(form)
    try:
        if upload is None:
            raise Invalid("It was not saved.", {"file": "Choose a file: .md or .ipynb."})
        saved = _saved(form.dataset.data or "", upload)
    except Refused as error:
        show(form, error)
        return _page(form, upload), 422
    flash("The draft is made." if saved.is_new else "Its post has these words now.", "done")
    return redirect(url_for("admin.posts.show", post=saved.slug))


@shows_again(new)
def new_again() -> str:
    form = PostUploadForm()
    form.form_errors.append(STALE)
    return _page(form, _kept(form))


def _kept(form: PostUploadForm) -> Upload | None:
    """The file that came, or the one that came before; None: there is none."""
    opened, now = installation(), clock.now()
    if form.file.data:
        return store_upload(opened, form.file.data)
    return read_note(opened, form.stored.data or "", now)


def _saved(dataset: str, upload: Upload) -> SavedPost:
    """Raises Refused; nothing is recorded then."""
    opened = installation()
    with open_file(opened, upload.key) as path, path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)  # which is refused
    drafts_only = Permission.PUBLISH not in current_user.permissions
    brought = PostFile(upload.name, content)
    return save(opened, dataset, brought, clock.now(), drafts_only=drafts_only)


def _page(form: PostUploadForm, upload: Upload | None) -> str:
    opened, now = installation(), clock.now()
    with opened.db.read() as session:
        form.dataset.choices = [
            SelectChoice(topic.slug, topic.title) for topic in listing.newest_topics(session)
        ]
    form.stored.data = note_of(opened, upload, now) if upload else ""
    return render_template("admin/post_upload.html", form=form, upload=upload)
