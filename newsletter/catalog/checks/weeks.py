"""Which week's check is due, and who promises it: once a week, one clock of however many."""

from datetime import date, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.models.catalog_check import CatalogCheckWeek

TUESDAY = 1  # Monday belongs to the issue


def due_week(today: date) -> str | None:
    """The ISO week, such as 2026-W48, whose check may be made; None on a Monday."""
    year, week, _ = today.isocalendar()
    return f"{year}-W{week:02}" if today.weekday() >= TUESDAY else None


def begin(session: Session, week: str, now: datetime) -> bool:
    """Take a week's check; False if somebody else has."""
    try:
        with session.begin_nested():
            session.add(CatalogCheckWeek(week=week, begun_at=now))
    except IntegrityError:
        return False
    return True


def finish(session: Session, week: str, now: datetime) -> None:
    session.get_one(CatalogCheckWeek, week).finished_at = now
