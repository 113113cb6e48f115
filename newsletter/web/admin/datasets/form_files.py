"""The files of the dataset form: kept at once, so that a refused form does not lose them."""

from datetime import datetime

from newsletter.errors import FetchRefused
from newsletter.installation import Installation
from newsletter.services.table_files import TableFile
from newsletter.web.admin.datasets.dataset_fields import DatasetForm
from newsletter.web.uploads import download, note_of, read_note, store_upload


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
) -> tuple[dict[int, TableFile], dict[str, str]]:
    """Each table's new file, by the table's place in the form, stored and noted in the
    form; and for each that could not be had, why, by the path of its field."""
    keep_files(installation, form, now)
    files: dict[int, TableFile] = {}
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
            files[at] = TableFile(installation.storage.path(upload.key), upload.name)
    return files, refused
