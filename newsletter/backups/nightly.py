"""The backups of each night: files with their dates in one folder, the newest ones kept."""

import re
import shutil
from datetime import date, datetime, time
from pathlib import Path

from newsletter.db import Database
from newsletter.settings import Settings

FROM = time(3)  # on the list's clock
NAME = re.compile(r"newsletter-(\d{4}-\d{2}-\d{2})\.(db|dump)")


def file_of(settings: Settings, db: Database, day: date) -> Path:
    ending = "db" if db.is_sqlite else "dump"
    return settings.backup_folder / f"newsletter-{day}.{ending}"


def due(settings: Settings, now: datetime) -> date | None:
    """The day whose backup is to be there by now; None: none is wanted, or it is too early."""
    local = now.astimezone(settings.timezone)
    if not settings.backups or local.time() < FROM:
        return None
    return local.date()


def kept(settings: Settings) -> list[tuple[date, Path]]:
    """Those that are there, the newest first. No other file of the folder is among them."""
    matches = (
        (NAME.fullmatch(path.name), path) for path in settings.backup_folder.glob("newsletter-*")
    )
    dated = [(date.fromisoformat(match[1]), path) for match, path in matches if match]
    return sorted(dated, reverse=True)


def can_be_made(db: Database) -> bool:
    """Whether the program is there that writes one."""
    return db.is_sqlite or shutil.which("pg_dump") is not None
