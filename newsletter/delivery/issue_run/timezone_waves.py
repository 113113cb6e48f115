"""The waves of an issue: when it is due for each time zone that its readers have."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, case, literal, select
from sqlalchemy.orm import Session

from newsletter.db import UTCDateTime
from newsletter.issues.schedule import Waves, waves
from newsletter.models.subscriber import Status, Subscriber
from newsletter.settings import Settings


def waves_of(session: Session, day: date, settings: Settings) -> Waves:
    """When the issue of ``day`` is due, by the subscribers as they are now."""
    return waves(day, settings.send_at, settings.timezone, zones(session, settings))


def moment_of_reader(of: Waves, now: datetime) -> ColumnElement[datetime | None]:
    """When a subscriber's wave is due, as a column: now, if that has passed.

    The zones stand by their moments, of which there are some forty: a join to the zones
    takes SQLite several times as long.
    """
    zones_at: dict[datetime, list[str]] = {}
    for zone, at in of.own.items():
        zones_at.setdefault(max(at, now), []).append(zone)
    main = literal(max(of.main, now), UTCDateTime())
    own = [
        (Subscriber.timezone.in_(names), literal(at, UTCDateTime()))
        for at, names in zones_at.items()
    ]
    return case((Subscriber.timezone.is_(None), main), *own, else_=main)


def zones(session: Session, settings: Settings) -> list[str]:
    """The time zones whose clocks count beside the list's: those that active subscribers
    chose, where the settings say so."""
    if not settings.send_at.local:
        return []
    chosen = select(Subscriber.timezone).where(
        Subscriber.status == Status.ACTIVE, Subscriber.timezone.is_not(None)
    )
    return [zone for zone in session.scalars(chosen.distinct()) if zone is not None]
