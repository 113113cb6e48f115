"""Readers take part: a dataset is suggested, code is shared. No account, no cookie.

What is sent waits for a curator; nothing of it is fetched, read or shown before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from os import SEEK_END

from flask import Blueprint, Response, make_response, render_template, request
from flask_limiter import RequestLimit
from werkzeug.datastructures import FileStorage

from newsletter import clock
from newsletter.catalog import listing
from newsletter.catalog.licenses import OF_CODE, OF_DATA
from newsletter.errors import Conflict, Invalid, NoRoom, TooMany
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
UNCLAIMED_BYTES = 20 * FILE_BYTES  # of all forms that have to be mended, together
TOO_OFTEN = "That was sent too often from here. Nothing you typed is lost: try again in an hour."
CHOOSE_AGAIN = "The file was not kept: choose it again."


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
    """Keep what was sent, or show the form again with a sentence for each thing wrong. Nothing
    of a file is kept before the rest is known to be right, or there is room for the unclaimed."""
    now, token = clock.now(), request.form.get("opened", "")
    if form_token.is_by_a_program(request.form):
        return _thanks(form)
    sent, upload = _sent_file(), _earlier_file(now)
    if refused := form_token.problem(token, form.kind, now):
        problems = {"file": CHOOSE_AGAIN} if sent else {}
        return _page(form, request.form, upload, problems, 422, refused)
    typed = {field: request.form.get(field, "") for field in TEXTS}
    offer = Offer(
        form.kind, file=_offered(sent, upload), form_key=form_token.key_of(token), **typed
    )
    opened = installation()
    try:
        with opened.db.read() as session:
            queue.refuse(session, offer, now)
        if sent is not None:
            upload = store_upload(opened, sent, OFFERED)
            offer = replace(offer, file=_offered(None, upload))
        with opened.db.write() as session:
            queue.submit(session, offer, now)
    except Invalid as error:
        problems = dict(error.fields)
        if sent is not None and "file" not in problems:
            upload = _kept_unclaimed(sent)
            problems |= {} if upload else {"file": CHOOSE_AGAIN}
        return _page(form, typed, upload, problems, 422, NOT_SENT)
    except (Conflict, NoRoom, TooMany) as error:
        problems = {"file": CHOOSE_AGAIN} if sent else {}
        status = 429 if isinstance(error, TooMany) else 422
        is_used = isinstance(error, Conflict)
        return _page(form, typed, upload, problems, status, str(error), is_used)
    accept()
    return _thanks(form)


def _sent_file() -> FileStorage | None:
    sent = request.files.get("file")
    return sent if sent is not None and sent.filename else None


def _earlier_file(now: datetime) -> Upload | None:
    """The one that came with the form when it was sent before."""
    upload = read_note(installation(), request.form.get("stored", ""), now)
    return upload if upload is not None and upload.key.endswith(OFFERED) else None


def _offered(sent: FileStorage | None, upload: Upload | None) -> OfferedFile | None:
    """The file that came now, which is not kept yet, or else the one that came before."""
    if sent is not None:
        size = sent.stream.seek(0, SEEK_END)
        sent.stream.seek(0)
        return OfferedFile(sent.filename or "", size)
    if upload is None:
        return None
    return OfferedFile(upload.name, installation().storage.size(upload.key), upload.key)


def _kept_unclaimed(sent: FileStorage) -> Upload | None:
    """The file of a form that has to be mended, if there is room for one more of them."""
    opened = installation()
    with opened.db.read() as session:
        claimed = queue.kept_files(session)
    unclaimed = sum(map(opened.storage.size, opened.storage.unused(OFFERED, claimed)))
    if unclaimed + sent.stream.seek(0, SEEK_END) > UNCLAIMED_BYTES:
        return None
    try:
        return store_upload(opened, sent, OFFERED)
    except NoRoom:
        return None


def _thanks(form: Form) -> Response:
    return make_response(render_template("site/offered.html", form=form))


def _page(
    form: Form,
    typed: Mapping[str, str],
    upload: Upload | None = None,
    problems: Mapping[str, str] | None = None,
    status: int = 200,
    notice: str = "",
    is_used: bool = False,  # the form carried something else before
) -> Response:
    opened, now, token = installation(), clock.now(), request.form.get("opened", "")
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
        opened=form_token.renewed("" if is_used else token, form.kind, now),
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
