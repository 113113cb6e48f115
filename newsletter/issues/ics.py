"""The Mondays as a calendar to subscribe to: iCalendar (RFC 5545, and RFC 7986).

An event is a day, as an issue's slot is. What the issue opens is said once it is
public, never before. An issue keeps its UID; each step that it takes (published, cancelled)
raises SEQUENCE, and LAST-MODIFIED is when it took it. There is no METHOD, so DTSTAMP is that
moment too (RFC 5545, section 3.8.7.2), and the same calendar is the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event

from newsletter.issues.archive import PUBLIC
from newsletter.mailing.placeholders import without_marks
from newsletter.models.issue import Issue, IssueState

PRODUCT = "-//Dataset Daily//Mondays//EN"
ASK_AGAIN_AFTER = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Feed:
    """What a calendar says of itself, and where it is."""

    title: str  # of the newsletter
    host: str  # of the site
    home: str  # the site's address
    url: str  # the calendar's own


def calendar_of(feed: Feed, issues: Sequence[Issue]) -> bytes:
    """``issues`` as events."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    title = without_marks(feed.title)
    for name in ("name", "x-wr-calname"):  # RFC 7986, and what came before it
        calendar.add(name, title)
    calendar.add("description", "One dataset, opened, every Monday.")
    calendar.add("url", feed.home)
    calendar.add("source", feed.url)
    calendar.add("refresh-interval", ASK_AGAIN_AFTER, {"VALUE": "DURATION"})
    for issue in issues:
        calendar.add_component(_event(feed, issue))
    return bytes(calendar.to_ical())


def _event(feed: Feed, issue: Issue) -> Event:
    changed = _changed(issue)
    is_public = issue.state in PUBLIC
    event = Event()
    # With when it was planned: a slot that was given up and taken again is another event.
    event.add("uid", f"{issue.slot}.{issue.created_at:%Y%m%dT%H%M%SZ}@{feed.host}")
    event.add("dtstamp", changed)
    event.add("created", issue.created_at.replace(microsecond=0))
    event.add("last-modified", changed)
    event.add("sequence", _steps(issue))
    event.add("dtstart", issue.date)
    event.add("dtend", issue.date + timedelta(days=1))
    event.add("summary", without_marks(_summary(feed, issue) if is_public else feed.title))
    event.add("status", "CANCELLED" if issue.state is IssueState.CANCELLED else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    event.add("url", f"{feed.home}issues/{issue.slot}" if is_public else feed.home)
    if is_public and issue.version:
        event.add("description", without_marks(issue.preheader or issue.version.summary))
    return event


def _summary(feed: Feed, issue: Issue) -> str:
    return f"{feed.title}: {issue.title}"


def _changed(issue: Issue) -> datetime:
    """When it took its last step, in whole seconds as iCalendar has them."""
    moments = [issue.created_at, issue.frozen_at]
    if issue.state is IssueState.CANCELLED:
        moments.append(issue.closed_at)
    return max(moment for moment in moments if moment is not None).replace(microsecond=0)


def _steps(issue: Issue) -> int:
    return (issue.frozen_at is not None) + (issue.state is IssueState.CANCELLED)
