"""The use case behind the dataset form: its files, its words, one dataset.

Files are stored and read in no transaction; recording what came of it is one
short one.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from newsletter.catalog import datasets
from newsletter.catalog.dataset_import import Intake, import_files
from newsletter.catalog.package import DatasetPackage, ReadPackage, check_slug, parse_package
from newsletter.catalog.versions.renewal import numbered
from newsletter.catalog.versions.rewording import described, only_words_differ, reword
from newsletter.errors import FetchRefused, Invalid, UnreadableTable
from newsletter.installation import Installation
from newsletter.issues.schedule import local_day
from newsletter.models.dataset import Version, VersionState
from newsletter.web.admin.datasets.dataset_fields import DatasetForm
from newsletter.web.admin.datasets.dataset_words import mapping_of
from newsletter.web.admin.datasets.suggestion import Suggestion
from newsletter.web.uploads import Upload, download, note_of, read_note, store_upload

# How a table's own CSV file is read again.
AS_WE_WRITE = ReadPackage(encoding="utf-8", delimiter=",", decimal=".", header=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """A table that a dataset has, and its file in storage."""

    name: str
    rows: int
    origin: str
    key: str  # of its CSV file


@dataclass(frozen=True, slots=True)
class Before:
    """The dataset that is edited, as it stands."""

    slug: str
    package: DatasetPackage
    tables: Mapping[str, Kept]

    @classmethod
    def of(cls, version: Version) -> "Before":
        tables = {
            table.name: Kept(table.name, table.rows, table.origin, table.files["csv"]["key"])
            for table in version.tables
        }
        return cls(version.dataset.slug, datasets.package_of(version), tables)


def keep_files(installation: Installation, form: DatasetForm, now: datetime) -> None:
    """Store each file that came with the form, and note it there."""
    for entry in form.tables.entries:
        table = entry.form
        upload = read_note(installation, table.stored.data or "", now)
        if table.file.data:
            upload = store_upload(installation, table.file.data)
        table.stored.data = note_of(installation, upload, now) if upload else ""


def collect_files(
    installation: Installation, form: DatasetForm, now: datetime
) -> tuple[dict[int, Upload], dict[str, str]]:
    """Each table's new file, by the table's place in the form, stored and noted in the
    form; and for each that could not be had, why, by the path of its field."""
    keep_files(installation, form, now)
    uploads: dict[int, Upload] = {}
    refused: dict[str, str] = {}
    for at, entry in enumerate(form.tables.entries):
        table = entry.form
        upload = read_note(installation, table.stored.data or "", now)
        url = (table.url.data or "").strip()
        if url and not table.file.data and (upload is None or upload.url != url):
            try:
                upload = download(installation, url)
                table.stored.data = note_of(installation, upload, now)
            except FetchRefused as error:
                refused[f"tables.{at}.url"] = str(error)
        if upload is not None:
            uploads[at] = upload
            table.name.data = table.name.data or _table_name(upload)
    return uploads, refused


def save(
    installation: Installation,
    form: DatasetForm,
    uploads: Mapping[int, Upload],
    before: Before | None,
    now: datetime,
    suggested: Suggestion | None = None,
) -> None:
    """Read what is new and record the dataset, with which what was ``suggested`` is accepted.
    Raises Invalid, SlugTaken or Conflict."""
    slug = check_slug((form.slug.data or "").strip())
    today = now.astimezone(installation.settings.timezone).date().isoformat()
    mapping = mapping_of(form, before.package if before else None, dict(uploads), today)
    _refuse_missing_files(mapping)
    package = parse_package(mapping)
    intake = _intake(installation, package, uploads, before)
    if before is not None and uploads:
        intake = _numbered(installation, before, intake, now, (form.note.data or "").strip())
    with installation.db.write() as session:
        if before is None:
            version = datasets.create(session, slug, intake, now)
            if suggested is not None:
                suggested.accept(installation, session, version.dataset, now)
            return
        datasets.upsert_draft(session, slug, intake, now)


def _numbered(
    installation: Installation, before: Before, intake: Intake, now: datetime, note: str
) -> Intake:
    """With the number that the new data asks for, unless the form has a number of its own;
    ``note`` is what the form says of it."""
    today = local_day(now, installation.settings.timezone)
    with installation.db.read() as session:
        newest = datasets.newest(session, before.slug)
        if newest.state is VersionState.DRAFT or datasets.is_same_data(newest, intake):
            return intake
        if intake.package.version == newest.number:  # so its note is not of this version
            kept = {"changelog": before.package.changelog}
            intake = replace(intake, package=intake.package.model_copy(update=kept))
        return numbered(intake, newest, installation.storage, today, note=note)[0]


def _intake(
    installation: Installation,
    package: DatasetPackage,
    uploads: Mapping[int, Upload],
    before: Before | None,
) -> Intake:
    if before and not uploads:
        with installation.db.read() as session:
            version = datasets.newest(session, before.slug)
            if only_words_differ(version, package):
                return reword(version, package)
    kept = before.tables if before else {}
    # A new file's columns are known once it is read: what was said of the old ones
    # is put to those of the same name afterwards.
    as_found = package.model_copy(
        update={
            "tables": tuple(
                table.model_copy(update={"columns": ()} if at in uploads else {"read": AS_WE_WRITE})
                for at, table in enumerate(package.tables)
            )
        }
    )
    with tempfile.TemporaryDirectory(prefix="dataset-") as folder:
        sources = {
            table.name: _linked(
                installation, Path(folder, str(at)), uploads.get(at) or kept[table.name]
            )
            for at, table in enumerate(package.tables)
        }
        intake = import_files(as_found, sources, installation.storage)
    written = {table.name: table for table in package.tables}
    found = tuple(written.get(table.name, table) for table in intake.package.tables)
    _refuse_lost_columns(package, {table.name for table in found})
    tables = tuple(
        described(values, table) for values, table in zip(intake.tables, found, strict=True)
    )
    whole = package.model_copy(update={"tables": found})
    return replace(intake, package=whole, tables=tables)


def _refuse_lost_columns(package: DatasetPackage, found: set[str]) -> None:
    """A file that turned out to hold several tables may not take a described one's place."""
    for at, table in enumerate(package.tables):
        if table.columns and table.name not in found:
            names = ", ".join(sorted(found - {other.name for other in package.tables}))
            sentence = f"The file holds several tables: choose one of {names}."
            raise UnreadableTable(sentence, {f"tables.{at}.read.table": sentence})


def _linked(installation: Installation, folder: Path, table: Upload | Kept) -> Path:
    """The stored file of a table under the name that it came with."""
    folder.mkdir()
    name = table.file_name if isinstance(table, Upload) else f"{Path(table.origin).stem}.csv"
    source = folder / name
    source.symlink_to(installation.storage.path(table.key).absolute())
    return source


def _refuse_missing_files(mapping: Mapping[str, object]) -> None:
    tables = mapping.get("tables")
    if not isinstance(tables, list) or not tables:
        sentence = "Choose a file, or give its web address."
        raise UnreadableTable(sentence, {"tables.0.file": sentence})
    missing = {
        f"tables.{at}.file": "Choose a file, or give its web address."
        for at, table in enumerate(tables)
        if "file" not in table
    }
    if missing:
        raise Invalid("A table has no file.", missing)


def _table_name(upload: Upload) -> str:
    stem = Path(upload.file_name).stem.lower()
    return stem.replace("_", "-")[:100] or "table"
