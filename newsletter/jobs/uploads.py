"""Uploads of curators that nobody goes on with, and what killed processes left of others."""

from datetime import datetime

from newsletter.installation import Installation
from newsletter.jobs.run import JobRun
from newsletter.services.datasets import upload_files
from newsletter.services.datasets.upload_files import ENDING, UNFINISHED_FOR


def purge_stale_uploads(
    installation: Installation, now: datetime, run: JobRun | None = None
) -> None:
    """Remove uploads whose time is over, then the files that belong to none."""
    run = run or JobRun()
    storage = installation.storage
    with installation.db.read() as session:
        stale = upload_files.stale_keys(session, now)
    for number, key in enumerate(stale, 1):
        with run.item(f"stale upload {number} of {len(stale)}"):
            upload_files.forget(installation, [key])
    with installation.db.read() as session:
        pieces = upload_files.all_pieces(session)
    # A piece that is just stored is not in the database yet.
    for piece in storage.unused(ENDING, pieces, now - UNFINISHED_FOR):
        with run.item(f"the piece {piece}"):
            storage.remove(piece)
    with run.item("half-written files"):
        storage.remove_staged(now - UNFINISHED_FOR)
