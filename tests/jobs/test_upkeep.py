"""Each night one backup, and so many of them kept."""

import os
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from newsletter.installation import Installation
from newsletter.jobs.upkeep import back_up_nightly
from newsletter.settings import Settings
from tests.jobs.conftest import NOW
from tests.migrated import migrate


def names(installation: Installation) -> list[str]:
    return sorted(path.name for path in installation.settings.backup_folder.glob("*"))


def test_a_night_has_one(installation: Installation) -> None:
    back_up_nightly(installation, NOW)
    [file] = installation.settings.backup_folder.iterdir()
    before = file.stat().st_ino
    back_up_nightly(installation, NOW + timedelta(hours=1))
    assert names(installation) == ["newsletter-2026-11-23.db"]
    assert file.stat().st_ino == before
    assert file.parent == installation.settings.home / "backups"
    assert (file.stat().st_mode & 0o077, file.parent.stat().st_mode & 0o077) == (0, 0)


def test_it_is_made_on_a_server_too(environ: dict[str, str], postgres_url: str) -> None:
    opened = Installation.open(Settings.load({**environ, "DATABASE_URL": postgres_url}))
    migrate(opened.db)
    back_up_nightly(opened, NOW)
    assert names(opened) == ["newsletter-2026-11-23.dump"]
    opened.db.close()


@pytest.mark.parametrize(("hour", "count"), [(2, 0), (3, 1)])
def test_the_night_is_the_lists(environ: dict[str, str], hour: int, count: int) -> None:
    zone = "America/New_York"
    opened = Installation.open(Settings.load(environ | {"NEWSLETTER_TIMEZONE": zone}))
    migrate(opened.db)
    back_up_nightly(opened, datetime(2026, 11, 23, hour, 30, tzinfo=ZoneInfo(zone)))
    assert len(names(opened)) == count
    opened.db.close()


def test_the_newest_are_kept_and_nothing_else_is_touched(
    environ: dict[str, str], tmp_path: Path
) -> None:
    more = {"NEWSLETTER_BACKUPS": "2", "NEWSLETTER_BACKUP_FOLDER": f"{tmp_path}/nights"}
    opened = Installation.open(Settings.load(environ | more))
    migrate(opened.db)
    opened.settings.backup_folder.mkdir()
    (opened.settings.backup_folder / "newsletter-mine.db").touch()
    for day in range(4):
        back_up_nightly(opened, NOW + timedelta(days=day))
    assert names(opened) == [
        "newsletter-2026-11-25.db",
        "newsletter-2026-11-26.db",
        "newsletter-mine.db",
    ]
    opened.db.close()


def test_none_is_made_where_none_is_wanted(environ: dict[str, str]) -> None:
    opened = Installation.open(Settings.load(environ | {"NEWSLETTER_BACKUPS": "0"}))
    migrate(opened.db)
    back_up_nightly(opened, NOW)
    assert not opened.settings.backup_folder.exists()
    opened.db.close()


def test_one_that_fails_leaves_the_older_ones(installation: Installation) -> None:
    back_up_nightly(installation, NOW)
    database = installation.settings.home / "newsletter.db"
    installation.db.close()
    os.truncate(database, 9_000)
    with pytest.raises(sqlite3.DatabaseError, match="malformed"):
        back_up_nightly(installation, NOW + timedelta(days=1))
    assert names(installation) == ["newsletter-2026-11-23.db"]
