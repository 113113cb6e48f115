"""Issues whose moment has passed and that have not begun: nobody sees to them."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.issue_run.timezone_waves import zones
from newsletter.issues.schedule import latest_day, waves
from newsletter.models.issue import Issue, IssueState
from newsletter.settings import Settings

MAY_WAIT = timedelta(minutes=5)  # a clock looks every few seconds; it may be started anew


def overdue(session: Session, settings: Settings, now: datetime) -> list[tuple[str, datetime]]:
    """The slot of each, and when it should have begun."""
    planned = select(Issue).where(Issue.state == IssueState.PLANNED, Issue.date <= latest_day(now))
    chosen = zones(session, settings)
    begins = [
        (issue.slot, waves(issue.date, settings.send_at, settings.timezone, chosen).first)
        for issue in session.scalars(planned.order_by(Issue.date))
    ]
    return [(slot, begin) for slot, begin in begins if begin + MAY_WAIT < now]
