"""Rows of processes as if some time had passed since they were written."""

from datetime import timedelta

from sqlalchemy import select

from newsletter.db import Database
from newsletter.heartbeats.beat import Heart
from newsletter.heartbeats.roll_call import RollCall, call_roll
from newsletter.models.process import Process, ProcessRole


def beat(db: Database, role: ProcessRole, host: str = "here", ago: float = 0) -> str:
    """A process that was seen once, so many seconds ago; its name."""
    heart = Heart(db, role)
    heart.host = host
    with db.one_statement() as connection:
        heart.beat(connection)
    age(db, heart.name, ago)
    return heart.name


def age(db: Database, name: str, seconds: float) -> None:
    """All that the row says was so much earlier."""
    with db.write() as session:
        process = session.get_one(Process, name)
        for column in ("started_at", "seen_at", "silent_at"):
            setattr(process, column, getattr(process, column) - timedelta(seconds=seconds))


def names(db: Database) -> set[str]:
    with db.read() as session:
        return set(session.scalars(select(Process.name)))


def roll_of(db: Database) -> RollCall:
    with db.read() as session:
        return call_roll(session)
