"""The weekly check of the catalog, which a worker makes."""

from datetime import datetime

from newsletter.catalog.checks import weeks
from newsletter.installation import Installation
from newsletter.issues.schedule import local_day
from newsletter.jobs.run import JobRun
from newsletter.services.datasets.catalog_check import start_weekly_check


def check_catalog(installation: Installation, now: datetime, run: JobRun | None = None) -> bool:
    """Promise the check of the catalog once a week; returns whether it was promised now."""
    week = weeks.due_week(local_day(now, installation.settings.timezone))
    if week is None:
        return False
    with installation.db.write() as session:
        return start_weekly_check(session, week, now)
