"""The weekly check of the catalog."""

from datetime import datetime

from newsletter.catalog.checks import weeks
from newsletter.catalog.checks.digest import digest
from newsletter.catalog.checks.examination import examine
from newsletter.installation import Installation
from newsletter.issues.notices import alert_curators
from newsletter.issues.schedule import local_day
from newsletter.jobs.run import JobRun


def check_catalog(installation: Installation, now: datetime, run: JobRun | None = None) -> bool:
    """Check the catalog once a week, and mail the curators what there is to say; returns
    whether it was done now. Where the run may not go on it is left to the next one."""
    may_go_on = (run or JobRun()).may_go_on
    settings, db = installation.settings, installation.db
    week = weeks.due_week(local_day(now, settings.timezone))
    if week is None:
        return False
    with db.write() as session:
        if not weeks.begin(session, week, now):
            return False
    is_done = False
    try:
        mail = digest(examine(db, installation.storage, settings, now, go_on=may_go_on))
        with db.write() as session:
            if may_go_on():
                if mail is not None:
                    subject, lines = mail
                    once = f"upkeep {week}"
                    alert_curators(session, subject, lines, "/admin/datasets/", once, now)
                weeks.finish(session, week, now)
                is_done = True
    finally:
        if not is_done:
            with db.write() as session:
                weeks.give_back(session, week)
    return is_done
