"""Planning: what goes out on a day, when it begins, and what it still lacks."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from newsletter.catalog import datasets
from newsletter.delivery.issue_run.timezone_waves import waves_of
from newsletter.issues import calendar
from newsletter.issues.schedule import local_day
from newsletter.models.issue import Issue
from newsletter.posts import posts
from newsletter.settings import Settings


@dataclass(frozen=True, slots=True)
class Planned:
    issue: Issue
    begins: datetime  # UTC
    lacks: tuple[str, ...]  # sentences; empty: it is ready


def plan_dataset(
    session: Session, settings: Settings, day: date, slug: str, now: datetime
) -> Planned:
    """Put the newest version of a dataset on a Monday. Raises NotFound, Invalid or SlotTaken."""
    version = datasets.newest(session, slug)
    issue = calendar.plan(session, day, version, local_day(now, settings.timezone), now)
    return _planned(session, settings, issue)


def plan_post(session: Session, settings: Settings, day: date, slug: str, now: datetime) -> Planned:
    """Put a post on another day. Raises NotFound, Invalid, Conflict or SlotTaken."""
    post = posts.get(session, slug)
    issue = calendar.plan_post(session, day, post, local_day(now, settings.timezone), now)
    return _planned(session, settings, issue)


def lacks(issue: Issue) -> tuple[str, ...]:
    """What would keep an issue that is planned from going out, one sentence each."""
    if issue.post is not None:
        return tuple(posts.problems_of(issue.post))
    return tuple(datasets.problems_of(issue.version)) if issue.version is not None else ()


def _planned(session: Session, settings: Settings, issue: Issue) -> Planned:
    return Planned(issue, waves_of(session, issue.date, settings).first, lacks(issue))
