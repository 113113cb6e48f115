"""The starter catalog in an installation of its own, large tables made from their package."""

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


def starter_catalog(home: Path, base_url: str) -> Installation:
    """An installation at ``home`` with every dataset of the catalog published at ``NOW``."""
    folders = shutil.copytree(
        CATALOG, home / "datasets", ignore=shutil.ignore_patterns("*.parquet")
    )
    subprocess.run([sys.executable, str(folders / "nyc-flights" / "prepare.py")], check=True)
    installation = Installation.open(
        Settings.load(
            {
                "NEWSLETTER_HOME": str(home),
                "NEWSLETTER_BASE_URL": base_url,
                "NEWSLETTER_POSTAL_ADDRESS": "1 Data Street, 10001 New York",
            }
        )
    )
    migrate(installation.db)
    steps = list(sync(installation.db, installation.storage, folders, NOW))
    assert [(step.slug, step.done, step.note) for step in steps] == [
        (slug, Done.ADDED, "") for slug in SLUGS
    ]
    return installation
