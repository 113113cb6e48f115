"""The files of the dataset form: kept at once, so that a refused form does not lose them."""

from datetime import datetime

from newsletter.errors import FetchRefused
from newsletter.installation import Installation
from newsletter.services.datasets.table_files import FileSource
from newsletter.web.admin.datasets.dataset_fields import DatasetForm
from newsletter.web.uploads import note_of, read_note, store_upload


def keep_files(installation: Installation, form: DatasetForm, now: datetime) -> None:
    """Store each file that came with the form, and note it there."""
    for entry in form.tables.entries:
        table = entry.form
        upload = read_note(installation, table.stored.data or "", now)
        if table.file.data:
            upload = store_upload(installation, table.file.data)
            table.url.data = ""  # the file goes before it
        table.stored.data = note_of(installation, upload, now) if upload else ""


def collect_files(
    installation: Installation, form: DatasetForm, now: datetime
) -> tuple[dict[int, FileSource], dict[str, str]]:
    """Where each table's new file is, by the table's place in the form: those that came along
    are stored and noted in the form, an address counts before them. And for each address that
    is spelled as none, why, by the path of its field."""
    keep_files(installation, form, now)
    files: dict[int, FileSource] = {}
    refused: dict[str, str] = {}
    for at, entry in enumerate(form.tables.entries):
        table = entry.form
        upload = read_note(installation, table.stored.data or "", now)
        url = (table.url.data or "").strip()
        names_table = not (table.name.data or "").strip()
        if url:
            try:
                files[at] = FileSource.at_address(url, names_table=names_table)
            except FetchRefused as error:
                refused[f"tables.{at}.url"] = str(error)
        elif upload is not None:
            files[at] = FileSource(upload.name, key=upload.key, names_table=names_table)
    return files, refused
