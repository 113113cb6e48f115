"""The files of the dataset form: kept at once, so that a refused form does not lose them."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime

from newsletter.errors import FetchRefused
from newsletter.installation import Installation
from newsletter.services.table_files import TableFile
from newsletter.services.upload_files import forget, open_file
from newsletter.web.admin.datasets.dataset_fields import DatasetForm
from newsletter.web.uploads import Upload, download, note_of, read_note, store_upload


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
    """Each table's new file, by the table's place in the form, kept and noted in the
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
    return uploads, refused


@contextmanager
def opened_files(
    installation: Installation, uploads: Mapping[int, Upload]
) -> Iterator[dict[int, TableFile]]:
    """The files of ``uploads``, to be read while the block runs. If it ends well, those that
    came in pieces are removed: a dataset has them."""
    with ExitStack() as stack:
        yield {
            at: TableFile(stack.enter_context(open_file(installation, upload.key)), upload.name)
            for at, upload in uploads.items()
        }
    forget(installation, [upload.key for upload in uploads.values()])
