"""The starter catalog in an installation of its own, large tables made from their package."""

import fcntl
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from newsletter.catalog.sync import Done, sync
from newsletter.installation import Installation
from newsletter.settings import Settings
from tests.migrated import migrate

CATALOG = Path(__file__).parents[2] / "datasets"
SLUGS = sorted(path.parent.name for path in CATALOG.glob("*/dataset.yaml"))
NOW = datetime(2026, 11, 30, 14, tzinfo=UTC)


def starter_catalog(shared_folder: Path, home: Path, base_url: str) -> Installation:
    """An installation at ``home`` with every dataset of the catalog published at ``NOW``: a copy
    of the one in ``shared_folder``, where the first process of a test run makes it."""
    model = shared_folder / "starter"
    with (shared_folder / "starter.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not model.exists():
            _make(shared_folder / "starter.partial")
            (shared_folder / "starter.partial").rename(model)
    shutil.copy(model / "newsletter.db", home)
    # What is stored never changes, so two homes may have the same files.
    shutil.copytree(model / "storage", home / "storage", copy_function=os.link)
    return _opened(home, base_url)


def _make(home: Path) -> None:
    folders = shutil.copytree(
        CATALOG, home / "datasets", ignore=shutil.ignore_patterns("*.parquet")
    )
    subprocess.run([sys.executable, str(folders / "nyc-flights" / "prepare.py")], check=True)
    installation = _opened(home, "http://localhost")
    migrate(installation.db)
    steps = list(sync(installation.db, installation.storage, folders, NOW))
    assert [(step.slug, step.done, step.note) for step in steps] == [
        (slug, Done.ADDED, "") for slug in SLUGS
    ]
    installation.db.close()


def _opened(home: Path, base_url: str) -> Installation:
    return Installation.open(
        Settings.load(
            {
                "NEWSLETTER_HOME": str(home),
                "NEWSLETTER_BASE_URL": base_url,
                "NEWSLETTER_POSTAL_ADDRESS": "1 Data Street, 10001 New York",
            }
        )
    )
