"""A Monday that has nothing to send."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from newsletter.catalog import datasets
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.issues.notices import alert_curators
from newsletter.issues.schedule import FRIDAY, local_day, monday_of
from newsletter.jobs.run import JobRun
from newsletter.models.issue import IssueState


def warn_of_empty_monday(
    installation: Installation, now: datetime, run: JobRun | None = None
) -> date | None:
    """Tell the curators, on the Friday before and on the day, of a Monday that has no
    ready dataset; returns that Monday if there was something to tell."""
    settings = installation.settings
    today = local_day(now, settings.timezone)
    if today.weekday() == FRIDAY:
        monday = monday_of(today) + timedelta(weeks=1)
    elif today == monday_of(today):
        monday = today
    else:
        return None
    with installation.db.write() as session:
        lack = _lack(session, monday)
        if lack is None:
            return None
        when = "Today is" if monday == today else "The coming Monday is"
        alerts = alert_curators(
            session,
            f"No issue is ready for {monday}",
            [
                f"{when} {monday}, and {lack}",
                "Choose a dataset for it; until one is ready, nothing will be sent.",
            ],
            path="/admin/issues/",
            once=f"empty-monday {monday} {today}",
            now=now,
        )
    return monday if alerts else None


def _lack(session: Session, monday: date) -> str | None:
    """What the issue of a Monday lacks, as the end of a sentence; None: nothing."""
    issue = calendar.find(session, monday)
    if issue is None or issue.state is IssueState.CANCELLED:
        return "no dataset is planned for it."
    if issue.state is not IssueState.PLANNED or issue.version is None:
        return None
    problems = datasets.problems_of(issue.version)
    return f"“{issue.version.title}” is not ready. {' '.join(problems)}" if problems else None
