"""Readers take part: a dataset is suggested, code is shared. No account, no cookie.

What is sent waits for a curator; nothing of it is fetched, read or shown before.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template, request
from flask_limiter import RequestLimit

from newsletter import clock
from newsletter.catalog import listing
from newsletter.catalog.licenses import OF_CODE, OF_DATA
from newsletter.errors import Invalid, TooMany
from newsletter.models.submission import SubmissionKind
from newsletter.submissions import queue
from newsletter.submissions.form import (
    ENDINGS,
    FILE_BYTES,
    NOT_SENT,
    OFFERED,
    Offer,
    OfferedFile,
    endings_in_words,
    file_problem,
)
from newsletter.tables.reading.file_kinds import readable_kinds
from newsletter.web.context import accept, installation
from newsletter.web.site import form_token
from newsletter.web.uploads import Upload, note_of, read_note, store_upload

blueprint = Blueprint("taking_part", __name__)

TEXTS = ("title", "about", "name", "link", "license", "address", "dataset")
# A file that is too large is read to its end, up to here, so that a sentence beside its
# field says so and the texts are not lost. Beyond it the answer is 413.
BODY_BYTES = 4 * FILE_BYTES
TEXT_BYTES = 256 * 1024
TOO_OFTEN = "That was sent too often from here. Nothing you typed is lost: try again in an hour."


@dataclass(frozen=True, slots=True)
class Form:
    """One of the two forms."""

    kind: SubmissionKind
    template: str
    licenses: tuple[tuple[str, str], ...]


SUGGEST = Form(SubmissionKind.DATASET, "site/suggest.html", OF_DATA)
SHARE = Form(SubmissionKind.CODE, "site/share.html", OF_CODE)


@blueprint.before_request
def allow_a_file() -> None:
    if request.method == "POST":
        request.max_content_length = BODY_BYTES
        request.max_form_memory_size = TEXT_BYTES


@blueprint.get("/suggest")
def suggest_form() -> Response:
    return _page(SUGGEST, {})


@blueprint.post("/suggest")
def suggest() -> Response:
    return _taken(SUGGEST)


@blueprint.get("/share")
def share_form() -> Response:
    return _page(SHARE, {"dataset": request.args.get("dataset", "")})


@blueprint.post("/share")
def share() -> Response:
    return _taken(SHARE)


def too_often(_: RequestLimit) -> Response:
    """The form as it was sent, for who has sent too many."""
    allow_a_file()  # the limits are looked at before
    form = SHARE if request.endpoint == "taking_part.share" else SUGGEST
    return _page(form, request.form, status=429, notice=TOO_OFTEN)


def _taken(form: Form) -> Response:
    """Keep what was sent, or show the form again with a sentence for each thing wrong."""
    now = clock.now()
    if form_token.is_by_a_program(request.form):
        return _thanks(form)
    refused = form_token.problem(request.form.get("opened", ""), form.kind, now)
    upload, file = _file(form.kind)
    if refused:
        return _page(form, request.form, upload, status=422, notice=refused)
    typed = {field: request.form.get(field, "") for field in TEXTS}
    try:
        with installation().db.write() as session:
            queue.submit(session, Offer(form.kind, file=file, **typed), now)
    except Invalid as error:
        return _page(form, typed, upload, error.fields, 422, NOT_SENT)
    except TooMany as error:
        return _page(form, typed, upload, status=429, notice=str(error))
    accept()
    return _thanks(form)


def _file(kind: SubmissionKind) -> tuple[Upload | None, OfferedFile | None]:
    """The file that came with the form now, or before; kept if its name and size are right."""
    opened = installation()
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        upload = read_note(opened, request.form.get("stored", ""), clock.now())
        if upload is None or not upload.key.endswith(OFFERED):
            return None, None
        return upload, OfferedFile(upload.name, opened.storage.size(upload.key), upload.key)
    size = sent.stream.seek(0, 2)
    sent.stream.seek(0)
    file = OfferedFile(sent.filename, size)
    if file_problem(kind, file):
        return None, file
    upload = store_upload(opened, sent, OFFERED)
    return upload, OfferedFile(upload.name, size, upload.key)


def _thanks(form: Form) -> Response:
    return make_response(render_template("site/offered.html", form=form))


def _page(
    form: Form,
    typed: Mapping[str, str],
    upload: Upload | None = None,
    problems: Mapping[str, str] | None = None,
    status: int = 200,
    notice: str = "",
) -> Response:
    opened, now = installation(), clock.now()
    with opened.db.read() as session:
        catalog = listing.published_topics(session) if form is SHARE else []
    page = render_template(
        form.template,
        form=form,
        typed=typed,
        problems=problems or {},
        said=notice,
        upload=upload,
        stored=note_of(opened, upload, now) if upload else "",
        opened=form_token.renewed(request.form.get("opened", ""), form.kind, now),
        catalog=catalog,
        endings=endings_in_words(form.kind),
        accept=",".join(ENDINGS[form.kind]),
        readable_kinds=readable_kinds(),
        megabytes=FILE_BYTES // 1_000_000,
    )
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"  # each form has a moment of its own
    if status == 429:
        response.headers["Retry-After"] = "3600"
    return response
