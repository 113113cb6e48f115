"""Files that a person brings: kept at once, so that a refused form does not lose them.

A file goes to storage before anything else about the form is looked at. What
travels with the form from then on is a signed note of its key and its name.
"""

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from werkzeug.datastructures import FileStorage
from werkzeug.utils import secure_filename

from newsletter.errors import BadToken, ExpiredToken
from newsletter.fetching.download import fetch
from newsletter.installation import Installation

PURPOSE = "upload"
KEPT_FOR = timedelta(days=30)
NAME_AT_MOST = 150


@dataclass(frozen=True, slots=True)
class Upload:
    """A stored file that no dataset holds yet."""

    key: str  # in storage
    name: str  # as its owner calls it
    url: str = ""  # where it was fetched from

    @property
    def file_name(self) -> str:
        """The name as a file may have it."""
        return secure_filename(self.name)[-NAME_AT_MOST:].lstrip(".-_") or "table"


def store_upload(installation: Installation, sent: FileStorage, ending: str = "") -> Upload:
    """Store a file that came with a form; its key ends in ``ending``, after its own suffix."""
    name = Path(sent.filename or "").name
    with tempfile.TemporaryDirectory(prefix="upload-") as folder:
        path = Path(folder, Upload("", name).file_name)
        sent.save(path)
        return Upload(installation.storage.put(path, path.suffix + ending), name)


def stored(installation: Installation, digest: str, name: str) -> Upload | None:
    """The file of that SHA-256, in hex, as if it had come under ``name``; None: it is not here."""
    upload = Upload("", Path(name).name)
    key = digest + Path(upload.file_name).suffix.lower()
    return replace(upload, key=key) if installation.storage.exists(key) else None


def download(installation: Installation, url: str) -> Upload:
    """Fetch and store the file at ``url``. Raises FetchRefused."""
    with tempfile.TemporaryDirectory(prefix="upload-") as folder:
        hosts = installation.settings.fetch_hosts
        fetched = fetch(url, Path(folder), allowed_hosts=hosts)
        assert fetched.path is not None  # noqa: S101 (no validators were sent: there is a body)
        return Upload(installation.storage.put(fetched.path), fetched.filename, url.strip())


def note_of(installation: Installation, upload: Upload, now: datetime) -> str:
    value = "\n".join((upload.key, upload.url, upload.name))
    return installation.signer.sign(PURPOSE, value, now + KEPT_FOR)


def read_note(installation: Installation, note: str, now: datetime) -> Upload | None:
    """The upload that a form carries; None if it carries none, or not one of ours."""
    try:
        key, url, name = installation.signer.read(PURPOSE, note, now).split("\n", 2)
    except (BadToken, ExpiredToken):
        return None
    return Upload(key, name, url) if installation.storage.exists(key) else None
