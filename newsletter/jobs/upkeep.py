"""What is looked after: the database is backed up each night, the catalog checked once a week."""

import logging
from datetime import datetime

from newsletter.backups import nightly
from newsletter.backups.copying import back_up, refuse_without_room
from newsletter.catalog.checks import weeks
from newsletter.errors import Refused
from newsletter.installation import Installation
from newsletter.issues.schedule import local_day
from newsletter.jobs.run import JobRun
from newsletter.services.datasets.catalog_check import start_weekly_check

log = logging.getLogger(__name__)


def back_up_nightly(installation: Installation, now: datetime, run: JobRun | None = None) -> None:
    """Write the backup of today where there is none, then remove those that are one too many.
    Raises Refused."""
    settings, db = installation.settings, installation.db
    day = nightly.due(settings, now)
    if day is None or not nightly.can_be_made(db):  # of which newsletter doctor tells
        return
    file = nightly.file_of(settings, db, day)
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_without_room(db, file.parent)
        may_go_on = (run or JobRun()).may_go_on
        try:
            back_up(db, file, may_go_on)
        except Refused:
            if may_go_on():
                raise
            return  # the process is to end: the next one makes it
        log.info("backed up to %s", file.name, extra={"event": "backed_up", "file": file.name})
    for _, path in nightly.kept(settings)[settings.backups :]:
        path.unlink(missing_ok=True)


def check_catalog(installation: Installation, now: datetime, run: JobRun | None = None) -> bool:
    """Promise the check of the catalog once a week; returns whether it was promised now."""
    week = weeks.due_week(local_day(now, installation.settings.timezone))
    if week is None:
        return False
    with installation.db.write() as session:
        return start_weekly_check(session, week, now)
