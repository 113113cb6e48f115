"""Which week's check is due, and who makes it: once a week, by one clock of however many."""

from datetime import date, datetime, timedelta

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.models.catalog_check import CatalogCheckWeek

TUESDAY = 1  # Monday belongs to the issue
LEASE = timedelta(hours=6)  # after which a check that did not end has died


def due_week(today: date) -> str | None:
    """The ISO week, such as 2026-W48, whose check may be made; None on a Monday."""
    year, week, _ = today.isocalendar()
    return f"{year}-W{week:02}" if today.weekday() >= TUESDAY else None


def begin(session: Session, week: str, now: datetime) -> bool:
    """Take a week's check; False if it was made, or is being made by somebody else."""
    try:
        with session.begin_nested():
            session.add(CatalogCheckWeek(week=week, begun_at=now))
    except IntegrityError:
        taken = session.execute(
            update(CatalogCheckWeek)
            .where(
                CatalogCheckWeek.week == week,
                CatalogCheckWeek.finished_at.is_(None),
                ~CatalogCheckWeek.begun_at.between(now - LEASE, now + clock.MAY_DIFFER),
            )
            .values(begun_at=now)
            .execution_options(synchronize_session=False)
        )
        return isinstance(taken, CursorResult) and taken.rowcount == 1
    return True


def finish(session: Session, week: str, now: datetime) -> None:
    session.get_one(CatalogCheckWeek, week).finished_at = now


def give_back(session: Session, week: str) -> None:
    """It was not made after all: the next look makes it."""
    session.execute(delete(CatalogCheckWeek).where(CatalogCheckWeek.week == week))
