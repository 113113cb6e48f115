"""Files that a person brings: kept at once, so that a refused form does not lose them.

A file goes to storage before anything else about the form is looked at. What
travels with the form from then on is a signed note of its key and its name. The key is one
of ``services.datasets.upload_files``: of a file in storage, or of an upload that came in pieces.
"""

import re
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from os import SEEK_END
from pathlib import Path, PurePath

from werkzeug.datastructures import FileStorage

from newsletter.errors import BadToken, ExpiredToken
from newsletter.file_names import bare_name
from newsletter.installation import Installation
from newsletter.services.datasets.upload_files import is_here

PURPOSE = "upload"
KEPT_FOR = timedelta(days=30)
SUFFIX = re.compile(r"\.[a-z0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A stored file that no dataset holds yet."""

    key: str  # for services.datasets.upload_files
    name: str  # as its owner calls it


def store_upload(installation: Installation, sent: FileStorage, ending: str = "") -> Upload:
    """Store a file that came with a form; its key ends in ``ending``, after its own suffix.

    Raises NoRoom."""
    installation.storage.refuse_without_room(sent.stream.seek(0, SEEK_END))
    sent.stream.seek(0)
    name = bare_name(sent.filename or "")
    with tempfile.TemporaryDirectory(prefix="upload-") as folder:
        path = Path(folder, "file")
        sent.save(path)
        return Upload(installation.storage.put(path, _suffix(name) + ending), name)


def note_of(installation: Installation, upload: Upload, now: datetime) -> str:
    value = "\n".join((upload.key, upload.name))
    return installation.signer.sign(PURPOSE, value, now + KEPT_FOR)


def read_note(installation: Installation, note: str, now: datetime) -> Upload | None:
    """The upload that a form carries; None if it carries none, or not one of ours."""
    try:
        key, name = installation.signer.read(PURPOSE, note, now).split("\n", 1)
    except (BadToken, ExpiredToken):
        return None
    return Upload(key, name) if is_here(installation, key) else None


def _suffix(name: str) -> str:
    """The ending of a name as storage takes it; empty: it has none of that kind."""
    suffix = PurePath(name).suffix.lower()
    return suffix if SUFFIX.fullmatch(suffix) else ""
