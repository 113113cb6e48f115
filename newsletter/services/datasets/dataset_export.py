"""A dataset written to a folder, as a task."""

from pathlib import Path
from typing import Any

from newsletter.catalog import datasets
from newsletter.catalog.export import contents_of, export, exported
from newsletter.errors import Conflict
from newsletter.tasks.attempt import Attempt
from newsletter.tasks.definition import Definition


def export_dataset(attempt: Attempt, slug: str, folder: str) -> dict[str, Any]:
    """Write the newest version of a dataset into its folder in ``folder``, on the machine that
    runs it."""
    opened = attempt.installation
    with opened.db.read() as session:
        version = datasets.newest(session, slug)
        if version.withdrawal is not None and version.withdrawal.erased_at is not None:
            raise Conflict(f"{slug} was withdrawn, and its data are erased for good.")
        contents = contents_of(version, opened.settings)
    attempt.progress(total=contents.bytes)
    paths = None
    if attempt.number > 1:  # the one before may have been killed before it could say so
        paths = exported(contents, Path(folder))
    if paths is None:
        paths = export(contents, opened.storage, Path(folder), on_bytes=attempt.progress)
    return {"files": [str(path) for path in paths]}


EXPORT_DATASET = Definition(
    name="export-dataset",
    title="Export a dataset",
    run=export_dataset,
    lock="export-dataset {slug} {folder}",
)
