"""Whether what is stored is still what was stored: every file against its hash and size."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from newsletter.catalog.checks.findings import Finding, Weight
from newsletter.errors import NotFound
from newsletter.models.dataset import Version
from newsletter.storage.folder import (
    CHUNK,
    Storage,
)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What the catalog says of one stored file; ``size`` and ``sha256`` where it is known."""

    slug: str
    what: str  # for a person: 1.0.0, penguins as csv
    key: str
    size: int | None = None
    sha256: str | None = None


def stored_files(version: Version) -> list[StoredFile]:
    """Every file that a version has in storage: of one that was withdrawn for good, none."""
    if version.withdrawal is not None and version.withdrawal.erased_at is not None:
        return []
    slug, number = version.dataset.slug, version.number
    tables = [
        StoredFile(slug, f"{number}, {table.name} as {kind}", f["key"], f["bytes"], f["sha256"])
        for table in version.tables
        for kind, f in table.files.items()
    ]
    charts = (("PNG", version.chart_png), ("SVG", version.chart_svg))
    return tables + [
        StoredFile(slug, f"{number}, its chart as {kind}", key) for kind, key in charts if key
    ]


def unseen(_file: StoredFile) -> None:
    """Nobody watches."""


def file_findings(
    files: Iterable[StoredFile], storage: Storage, on_read: Callable[[StoredFile], None] = unseen
) -> Iterator[Finding]:
    """Reads every file once, however many versions share it; ``on_read`` is called with each
    megabyte, and may raise."""
    seen: dict[str, tuple[str, int] | None] = {}
    for file in files:
        if file.key not in seen:
            seen[file.key] = _measured(storage, file.key, partial(on_read, file))
        complaint = _complaint(file, seen[file.key])
        if complaint:
            yield Finding(file.slug, "file", Weight.WRONG, f"{file.what}: {complaint}")


def _measured(storage: Storage, key: str, on_read: Callable[[], None]) -> tuple[str, int] | None:
    """The hash and the size of what is there; None: it cannot be read."""
    digest, size = hashlib.sha256(), 0
    try:
        with storage.open(key) as file:
            while chunk := file.read(CHUNK):
                on_read()
                digest.update(chunk)
                size += len(chunk)
    except (OSError, NotFound):
        return None
    return digest.hexdigest(), size


def _complaint(file: StoredFile, stored: tuple[str, int] | None) -> str | None:
    if stored is None:
        return f"{file.key} is gone or cannot be read; bring it back from a backup."
    digest, size = stored
    if file.size is not None and size != file.size:
        return f"{file.key} has {size:,} bytes for {file.size:,}; bring it back from a backup."
    if digest != (file.sha256 or digest) or not file.key.startswith(digest):
        return f"{file.key} is not what was stored; bring it back from a backup."
    return None
