"""Which transactions changed what the public may see, so that pages are made anew after them.

Each adds a row as it commits, whoever writes: a session notices by its models. What changes
tables behind the models' backs is seen when a page is made anew all the same, a minute later.
"""

from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import delete, event, insert
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column

from newsletter import clock
from newsletter.db import Base, Database
from newsletter.models.columns import Key
from newsletter.models.dataset import Dataset, Erratum, Table, Version, Withdrawal
from newsletter.models.issue import Issue, IssuePost, IssueVariant
from newsletter.models.post import Post, PostRun

SHOWN = (
    Dataset, Erratum, Issue, IssuePost, IssueVariant, Post, PostRun, Table, Version, Withdrawal,
)  # fmt: skip
CHANGED = "public_change"
KEPT_FOR = timedelta(days=1)  # longer than any page

STAMP = "SELECT count(id), min(id), max(id) FROM public_change"

Stamp = tuple[int, int | None, int | None]


class PublicChange(Base):
    __tablename__ = "public_change"

    id: Mapped[Key]
    at: Mapped[datetime] = mapped_column(index=True)


def stamp(db: Database) -> Stamp:
    """Differs from one before once something was changed. Numbers are given before a transaction
    commits: so the highest alone would not tell of one that commits late."""
    count, first, last = db.quick_row(STAMP)
    return count, first, last


def note(session: Session) -> None:
    """Let the transaction count as a change: of what pages show that is no row of a model."""
    session.info[CHANGED] = True


@event.listens_for(Session, "after_flush")
def _note_objects(session: Session, _context: object) -> None:
    written = chain(session.new, session.dirty, session.deleted)
    if any(isinstance(one, SHOWN) for one in written):
        note(session)


@event.listens_for(Session, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        statement: Any = state.statement
        if statement.table in {model.__table__ for model in SHOWN}:
            note(state.session)


@event.listens_for(Session, "before_commit")
def _add(session: Session) -> None:
    session.flush()
    if session.info.pop(CHANGED, False):
        now = clock.now()
        session.execute(delete(PublicChange).where(PublicChange.at < now - KEPT_FOR))
        session.execute(insert(PublicChange).values(at=now))
