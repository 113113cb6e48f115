"""The days of the calendar as a curator sees them: what is on each, and is it ready."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.issue_run.timezone_waves import zones
from newsletter.issues import listing
from newsletter.issues.rhythm import post_days_from, suggestion
from newsletter.issues.schedule import FRIDAY, local_day, mondays_from, waves
from newsletter.models.delivery import Notice, NoticeKind
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.services.planning import lacks
from newsletter.settings import Settings

AHEAD = 12  # Mondays that are offered
WEEKS = 4  # of days for posts that are offered
WEEKS_SHOWN = 2


@dataclass(frozen=True, slots=True)
class Slot:
    """A day, and what would keep its issue from going out."""

    day: date
    begins: datetime  # UTC
    issue: Issue | None  # None: free; a cancelled one that mailed nobody is free too
    lacks: tuple[str, ...]  # sentences; empty: it is ready, or was sent
    alerts_on: date  # the Friday on which the curators are told of what it lacks
    alerted: bool  # they were told

    @property
    def is_free(self) -> bool:
        return self.issue is None

    @property
    def is_ready(self) -> bool:
        return self.issue is not None and not self.lacks

    @property
    def suggestion(self) -> str:
        """What suits the day; empty: nothing in particular."""
        return suggestion(self.day)


def coming(session: Session, settings: Settings, now: datetime, count: int = AHEAD) -> list[Slot]:
    """The next Mondays, today's too."""
    days = mondays_from(local_day(now, settings.timezone), count)
    return _slots(session, settings, days, Kind.REGULAR)


def post_days(session: Session, settings: Settings, now: datetime) -> list[Slot]:
    """The days that posts can be on, from today on for WEEKS weeks."""
    days = post_days_from(local_day(now, settings.timezone), WEEKS)
    return _slots(session, settings, days, Kind.POST)


def through_the_week(days: list[Slot], now: datetime) -> list[Slot]:
    """Of ``days`` those to show: the next working days, and each that has a post."""
    soon = now.date() + timedelta(weeks=WEEKS_SHOWN)
    return [s for s in days if s.issue is not None or (s.suggestion and s.day <= soon)]


def free(slots: list[Slot], now: datetime) -> list[date]:
    """The days of ``slots`` that can still be taken."""
    return [s.day for s in slots if s.is_free and s.begins > now]


def of_issue(session: Session, settings: Settings, issue: Issue) -> Slot:
    """The slot of an issue of any kind."""
    alerted = _alerted(session, [issue.date])
    return _filled(settings, issue.date, zones(session, settings), issue, alerted)


def _slots(session: Session, settings: Settings, days: list[date], kind: Kind) -> list[Slot]:
    chosen, alerted = zones(session, settings), _alerted(session, days)
    issues = listing.on_days(session, days, kind)
    return [_filled(settings, day, chosen, issues.get(day), alerted) for day in days]


def _alerted(session: Session, days: Collection[date]) -> set[date]:
    """Of which of ``days`` the curators were told that nothing is ready."""
    occasions = {f"empty-monday {day}": day for day in days}
    beginning = func.substr(Notice.once, 1, len("empty-monday 2026-11-30"))
    alerts = select(beginning).where(
        Notice.kind == NoticeKind.ALERT, beginning.in_(list(occasions))
    )
    return {occasions[occasion] for occasion in session.scalars(alerts)}


def _filled(
    settings: Settings, day: date, chosen: list[str], issue: Issue | None, alerted: set[date]
) -> Slot:
    if issue is not None and issue.state is IssueState.CANCELLED and issue.frozen_at is None:
        issue = None
    return Slot(
        day=day,
        begins=waves(day, settings.send_at, settings.timezone, chosen).first,
        issue=issue,
        lacks=_lacks(issue),
        alerts_on=day - timedelta(days=7 - FRIDAY),
        alerted=day in alerted,
    )


def _lacks(issue: Issue | None) -> tuple[str, ...]:
    if issue is None:
        return ("No dataset is planned for it.",)
    return lacks(issue) if issue.state is IssueState.PLANNED else ()
