"""Adding a dataset and editing one: the same form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.catalog.licenses import OF_DATA
from newsletter.catalog.package.dataset_package import (
    ColumnPackage,
    DatasetPackage,
    check_slug,
    parse_package,
)
from newsletter.curators.permissions import Permission
from newsletter.errors import Conflict, Invalid, Refused, SlugTaken
from newsletter.installation import Installation
from newsletter.issues.schedule import local_day
from newsletter.models.dataset import Table
from newsletter.models.task import Task
from newsletter.paging import Page, cut
from newsletter.services import suggestion
from newsletter.services.datasets import dataset_save, uploads
from newsletter.services.datasets.table_files import FileSource
from newsletter.services.datasets.unread_files import UnreadFiles, unread_files
from newsletter.services.suggestion import Suggestion
from newsletter.tables.reading.file_kinds import readable_kinds
from newsletter.web.admin.datasets.dataset_fields import DatasetForm
from newsletter.web.admin.datasets.dataset_words import (
    COLUMNS,
    fill,
    fill_in,
    fill_in_unread,
    mapping_of,
    place,
)
from newsletter.web.admin.datasets.form_files import collect_files, keep_files
from newsletter.web.auth import STALE, needs, require, shows_again
from newsletter.web.context import installation, page_number
from newsletter.web.security import SCRIPTED, content_security_policy
from newsletter.web.uploads import read_note

blueprint = Blueprint("dataset_form", __name__, url_prefix="/datasets")


@dataclass(frozen=True, slots=True)
class Before:
    """The dataset that is edited, as it stands."""

    slug: str
    package: DatasetPackage
    tables: Mapping[str, Table]  # by their names
    unread: UnreadFiles | None
    is_published: bool  # its words then change for readers at once

    @classmethod
    def of(cls, session: Session, slug: str) -> Self:
        """Raises NotFound."""
        version = datasets.newest(session, slug)
        tables = {table.name: table for table in version.tables}
        unread = unread_files(session, version.dataset)
        package = unread.package if unread else datasets.package_of(version)
        return cls(slug, package, tables, unread, version.is_published)


@blueprint.after_request
def allow_the_script(response: Response) -> Response:
    """That of its uploads."""
    response.headers["Content-Security-Policy"] = content_security_policy(SCRIPTED)
    return response


@blueprint.route("/new", methods=["GET", "POST"])
@needs(Permission.DRAFT)
def new() -> ResponseReturnValue:
    form = DatasetForm()
    if form.is_submitted():
        return _submitted(form, None)
    form.version.data = "1.0.0"
    form.curator.data = current_user.address.partition("@")[0]
    number = request.args.get("submission", type=int)
    if number is not None:
        require(Permission.ANSWER)
        opened = installation()
        with opened.db.read() as session:
            words = suggestion.first_words(suggestion.find(session, number), opened.storage)
        fill_in(form, words, opened, clock.now())
    return _page(form, None)


@blueprint.route("/<slug>/edit", methods=["GET", "POST"])
@needs(Permission.DRAFT)
def edit(slug: str) -> ResponseReturnValue:
    opened, form = installation(), DatasetForm()
    with opened.db.read() as session:
        before = Before.of(session, slug)
    if before.is_published:
        require(Permission.PUBLISH)
    if not form.is_submitted():
        if before.unread and before.unread.goes_on:
            flash(f"{before.unread.names} is being read: edit it when that is done.", "refused")
            return redirect(url_for("admin.datasets.show", slug=slug))
        fill(form, slug, before.package, page_number("columns"))
        if before.unread:
            fill_in_unread(form, before.unread, opened, clock.now())
        return _page(form, before)
    form.slug.data = slug  # whatever was posted: a slug never changes
    return _submitted(form, before)


@shows_again(new)
def new_again() -> str:
    return _shown_again(None)


@shows_again(edit)
def edit_again(slug: str) -> str:
    with installation().db.read() as session:
        before = Before.of(session, slug)
    return _shown_again(before)


def _shown_again(before: Before | None) -> str:
    """The form as it was sent, with the files that came along; nothing is fetched for it."""
    form = DatasetForm()
    form.drop_blanks()
    if before is not None:
        form.slug.data = before.slug
    keep_files(installation(), form, clock.now())
    form.form_errors.append(STALE)
    return _page(form, before)


def _submitted(form: DatasetForm, before: Before | None) -> ResponseReturnValue:
    opened, now = installation(), clock.now()
    form.validate()
    form.drop_blanks()
    files, refused = collect_files(opened, form, now)
    try:
        if refused or form.errors:
            raise Invalid("It was not saved.", refused)
        task = _save(opened, form, files, before, now)
    except Refused as error:
        place(form, _beside_a_field(error, before))
        return _page(form, before), 422
    if before is None:
        flash("Saved as a draft.", "done")
    elif task is None:
        flash("Saved.", "done")
    return redirect(url_for("admin.datasets.show", slug=(form.slug.data or "").strip()))


def _save(
    opened: Installation,
    form: DatasetForm,
    files: dict[int, FileSource],
    before: Before | None,
    now: datetime,
) -> Task | None:
    """The task that reads the files; None: there is nothing to read. Raises Refused."""
    today = local_day(now, opened.settings.timezone).isoformat()
    slug = check_slug((form.slug.data or "").strip())
    package = parse_package(mapping_of(form, before.package if before else None, files, today))
    named = {package.tables[at].name: file for at, file in files.items()}
    by = current_user.address
    if before is not None:
        note = (form.note.data or "").strip()
        return dataset_save.edit(opened, slug, package, named, by, now, note=note)
    return dataset_save.add(opened, slug, package, named, by, now, suggestion=_suggestion(form))


def _suggestion(form: DatasetForm) -> Suggestion | None:
    """The one that the form makes a draft of; None: of none."""
    if not form.submission.data:
        return None
    require(Permission.ANSWER)
    number, words = int(form.submission.data), form.answer.data or ""
    return Suggestion(number, current_user.address, words)


def _beside_a_field(error: Refused, before: Before | None) -> Invalid:
    if isinstance(error, Invalid):
        return error
    if isinstance(error, SlugTaken):
        return Invalid(str(error), {"slug": str(error)})
    if isinstance(error, Conflict) and before and not before.unread:
        # With the data of a published version.
        return Invalid(str(error), {"version": str(error)})
    return Invalid(str(error))


def _column_pages(before: Before | None) -> dict[str, Page[ColumnPackage]]:
    """Where the columns that are shown stand among all, by the tables' names."""
    number = page_number("columns")
    tables = before.package.tables if before else ()
    return {table.name: cut(table.columns, number, COLUMNS) for table in tables}


def _page(form: DatasetForm, before: Before | None) -> str:
    opened, now = installation(), clock.now()
    form.offer_blanks()
    return render_template(
        "admin/dataset_form.html",
        form=form,
        before=before,
        column_pages=_column_pages(before),
        tables=before.tables if before else {},
        uploads=[
            read_note(opened, entry.form.stored.data or "", now) for entry in form.tables.entries
        ],
        licenses=OF_DATA,
        file_bytes=uploads.FILE_BYTES,
        piece_bytes=uploads.PIECE_BYTES,
        readable_kinds=readable_kinds(),
    )
