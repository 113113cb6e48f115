"""What mail stands on: settings, database, storage, disk and clock."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from newsletter import migrations
from newsletter.doctor.findings import Finding, ok, warning, wrong
from newsletter.installation import Installation
from newsletter.settings import Settings

FREE_BYTES_AT_LEAST = 500 * 1024 * 1024
CLOCK_MAY_DIFFER = timedelta(seconds=30)


def examine_settings(settings: Settings) -> Iterator[Finding]:
    if not settings.postal_address:
        yield warning(
            "settings",
            "NEWSLETTER_POSTAL_ADDRESS is empty: bulk mail must carry one in most countries.",
        )
    yield ok("settings", f"the site is {settings.base_url}, mail is from {settings.mail_from}.")


def examine_database(installation: Installation) -> Iterator[Finding]:
    problem = migrations.problem(installation.db)
    if not problem:
        yield ok("database", f"{installation.db.engine.dialect.name}, up to date.")
    elif installation.db.exists:
        yield wrong("database", problem)
    else:
        yield warning("database", problem)


def examine_storage(settings: Settings) -> Iterator[Finding]:
    folder = Path(settings.storage_url.removeprefix("file://"))
    with tempfile.NamedTemporaryFile(dir=_first_that_exists(folder)):
        yield ok("storage", f"{folder} can be written.")


def examine_disk(home: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(_first_that_exists(home)).free
    kind = ok if free >= FREE_BYTES_AT_LEAST else warning
    yield kind("disk", f"{free / 1e9:.1f} GB are free in {home}.")


def _first_that_exists(folder: Path) -> Path:
    """A folder, or the nearest one above it: what is not there yet is not made by looking."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def database_time(installation: Installation) -> datetime | None:
    """What the clock of the database server says; SQLite has none but ours."""
    if installation.db.is_sqlite:
        return None
    with installation.db.engine.connect() as connection:
        moment = connection.scalar(select(func.clock_timestamp()))
    return moment.astimezone(UTC) if moment is not None else None


def examine_clock(now: datetime, other: datetime | None, whose: str) -> Iterator[Finding]:
    """Compare ours with another's, if there is one: an issue begins by the clock."""
    if other is None:
        yield ok("clock", f"it is {now:%Y-%m-%d %H:%M:%S} UTC here; there is none to compare with.")
        return
    apart = abs(now - other)
    if apart > CLOCK_MAY_DIFFER:
        yield warning(
            "clock",
            f"It is {now:%Y-%m-%d %H:%M:%S} UTC here and {apart.total_seconds():.0f} s apart from "
            f"{whose}: let both keep time by NTP.",
        )
    else:
        yield ok("clock", f"it agrees with {whose}.")
