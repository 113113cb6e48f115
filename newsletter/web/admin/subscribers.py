"""Who reads: searching the list, and bringing in or taking away all of it as a file."""

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField

from newsletter import clock
from newsletter.audience import directory
from newsletter.audience.suppression import suppressed_among
from newsletter.curators.permissions import Permission
from newsletter.email_address import parse_address
from newsletter.errors import Invalid, Refused
from newsletter.models.subscriber import Status
from newsletter.services import subscriber_help
from newsletter.services.subscriber_transfer import (
    EXPORT_SUBSCRIBERS,
    IMPORT_SUBSCRIBERS,
    check_readable,
    exported,
)
from newsletter.tasks import queueing
from newsletter.tasks.files import new_ending
from newsletter.web.admin.flash import flashing, show
from newsletter.web.auth import STALE, needs, shows_again
from newsletter.web.context import installation, page_number
from newsletter.web.uploads import Upload, note_of, read_note, store_upload

blueprint = Blueprint("subscribers", __name__, url_prefix="/subscribers")


class ImportForm(FlaskForm):
    file = FileField("File")
    stored = HiddenField()  # the note of a file that came before
    confirmed = BooleanField("They have agreed elsewhere: do not ask them again")


@blueprint.get("/")
@needs(Permission.SUBSCRIBERS)
def index() -> ResponseReturnValue:
    words = request.args.get("q", "")[:200]
    chosen = request.args.get("status", "")
    status = Status(chosen) if chosen in set(Status) else None
    with installation().db.read() as session:
        page = directory.listing(session, words, status, page_number())
        hashes = {subscriber.address_hash for subscriber in page.rows}
        return render_template(
            "admin/subscribers.html",
            counts=directory.counts(session),
            page=page,
            suppressed=suppressed_among(session, hashes),
            words=words,
            status=status,
        )


@blueprint.post("/<int:number>/resend")
@needs(Permission.SUBSCRIBERS)
def resend(number: int) -> ResponseReturnValue:
    """Send the confirmation again to somebody who asks for it."""
    with flashing("The confirmation is on its way."), installation().db.write() as session:
        subscriber_help.send_again(session, subscriber_help.by_number(session, number), clock.now())
    return _back()


@blueprint.post("/<int:number>/confirm")
@needs(Permission.SUBSCRIBERS)
def confirm(number: int) -> ResponseReturnValue:
    """Confirm for somebody who asks for it."""
    with flashing("They are subscribed."), installation().db.write() as session:
        subscriber = subscriber_help.by_number(session, number)
        subscriber_help.confirm(session, subscriber, current_user.address, clock.now())
    return _back()


@blueprint.post("/<int:number>/lift")
@needs(Permission.SUBSCRIBERS)
def lift(number: int) -> ResponseReturnValue:
    """Let somebody who asks for it be mailed again, once they have confirmed anew."""
    opened = installation()
    with flashing("They may subscribe again."), opened.db.write() as session:
        address = parse_address(subscriber_help.by_number(session, number).address)
        by = current_user.address
        subscriber_help.lift(session, opened.signer, address, by, clock.now())
    return _back()


@blueprint.get("/import")
@needs(Permission.SUBSCRIBERS)
def ask_for_file() -> ResponseReturnValue:
    return _page(ImportForm(), None)


@blueprint.post("/import")
@needs(Permission.SUBSCRIBERS)
def start_import() -> ResponseReturnValue:
    """Keep the file, and promise a task that brings in its people."""
    form, opened = ImportForm(), installation()
    upload = _kept(form)
    try:
        if upload is None:
            raise Invalid("Nobody was brought in.", {"file": "Choose a CSV file."})
        _check(upload)
    except Refused as error:
        show(form, error)
        return _page(form, None), 422
    with opened.db.write() as session:
        task = queueing.defer(
            session,
            IMPORT_SUBSCRIBERS,
            current_user.address,
            clock.now(),
            file=upload.key,
            confirmed=bool(form.confirmed.data),
        )
    return redirect(url_for("admin.tasks.show", task_id=task.id))


@shows_again(start_import)
def start_import_again() -> str:
    form = ImportForm()
    form.form_errors.append(STALE)
    return _page(form, _kept(form))


@blueprint.post("/export")
@needs(Permission.SUBSCRIBERS)
def export() -> ResponseReturnValue:
    """Promise a file of all of them, which this curator may download for a day."""
    with installation().db.write() as session:
        who, number = current_user.address, current_user.id
        task = queueing.defer(session, EXPORT_SUBSCRIBERS, who, clock.now(), curator=number)
    return redirect(url_for("admin.tasks.show", task_id=task.id))


@blueprint.get("/export/<int:task_id>")
@needs(Permission.SUBSCRIBERS)
def download(task_id: int) -> Response:
    """The file that this curator has asked for. Raises NotFound or ExpiredToken."""
    opened = installation()
    with opened.db.read() as session:
        task = queueing.get(session, task_id)
    key = exported(task, current_user.id, current_user.address, clock.now())
    file = opened.storage.open(key)
    return send_file(file, "text/csv", as_attachment=True, download_name="subscribers.csv")


def _back() -> ResponseReturnValue:
    """The list as it was searched."""
    words, status = request.form.get("q") or None, request.form.get("status") or None
    return redirect(url_for("admin.subscribers.index", q=words, status=status))


def _kept(form: ImportForm) -> Upload | None:
    """The file that came, or the one that came before; None: there is none."""
    if form.file.data:
        return store_upload(installation(), form.file.data, new_ending())
    return read_note(installation(), form.stored.data or "", clock.now())


def _check(upload: Upload) -> None:
    """Raises Invalid, whose sentence is about the file, which is removed."""
    storage = installation().storage
    try:
        check_readable(storage, upload.key)
    except Invalid as error:
        storage.remove(upload.key)
        raise Invalid("Nobody was brought in.", {"file": str(error)}) from error


def _page(form: ImportForm, upload: Upload | None) -> str:
    form.stored.data = note_of(installation(), upload, clock.now()) if upload else ""
    return render_template("admin/subscriber_import.html", form=form, upload=upload)
