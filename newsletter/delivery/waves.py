"""The waves of an issue: when it is due for each time zone that its readers have."""

from datetime import date, datetime

from sqlalchemy import String, Subquery, column, select, values
from sqlalchemy.orm import Session

from newsletter.db import UTCDateTime
from newsletter.issues.schedule import Waves, waves
from newsletter.models.subscriber import Status, Subscriber
from newsletter.settings import Settings


def waves_of(session: Session, day: date, settings: Settings) -> Waves:
    """When the issue of ``day`` is due, by the subscribers as they are now."""
    return waves(day, settings.send_at, settings.timezone, zones(session, settings))


def own_moments(of: Waves, now: datetime) -> Subquery:
    """The zones that have a moment of their own, and when it is ``due``: now, if it has
    passed. Of a statement that begins with WITH SQLite gives no count, so it stands within."""
    rows = values(column("zone", String), column("due", UTCDateTime()), name="own")
    rows = rows.data([(zone, max(at, now)) for zone, at in of.own.items()])
    return select(rows.cte("own", nesting=True)).subquery("wave")


def zones(session: Session, settings: Settings) -> list[str]:
    """The time zones whose clocks count beside the list's: those that active subscribers
    chose, where the settings say so."""
    if not settings.send_at.local:
        return []
    chosen = select(Subscriber.timezone).where(
        Subscriber.status == Status.ACTIVE, Subscriber.timezone.is_not(None)
    )
    return [zone for zone in session.scalars(chosen.distinct()) if zone is not None]
