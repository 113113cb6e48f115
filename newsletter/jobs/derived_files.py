"""What readers are shown of versions is made before somebody asks for it."""

from contextlib import suppress
from datetime import datetime
from itertools import pairwise

from sqlalchemy import select

from newsletter.catalog import listing
from newsletter.catalog.versions import changes
from newsletter.errors import Busy
from newsletter.installation import Installation
from newsletter.jobs.run import JobRun
from newsletter.models.dataset import Dataset, Version
from newsletter.services.datasets import derived_files


def compare_versions(installation: Installation, now: datetime, run: JobRun | None = None) -> None:
    """Promise each comparison that pages and feeds show, and that is not kept: of versions
    that follow each other, and of each that was wrong with the one that corrects it."""
    run = run or JobRun()
    with installation.db.read() as session:
        ids = list(session.scalars(select(Dataset.id)))
    for dataset_id in ids:
        with run.item(f"the dataset {dataset_id}"):
            compare_dataset(installation, dataset_id, now)


def compare_dataset(installation: Installation, dataset_id: int, now: datetime) -> None:
    """The same of one dataset."""
    with suppress(Busy):  # the next run goes on
        for before, after in _missing(installation, dataset_id):
            derived_files.ask_for_comparison(installation, before, after, now)


def _missing(installation: Installation, dataset_id: int) -> list[tuple[Version, Version]]:
    with installation.db.read() as session:
        versions = listing.published_versions(session, dataset_id)
        pairs = [(before, after) for after, before in pairwise(versions)]
        pairs += [(v, v.erratum.corrected_by) for v in versions if v.erratum is not None]
        return [pair for pair in pairs if changes.kept(*pair, installation.storage) is None]
