"""One Alembic history for SQLite and PostgreSQL, and what moves along it."""

import re
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text

from newsletter.db import Database
from newsletter.errors import Refused

HERE = Path(__file__).parent
STORED = "SELECT version_num FROM alembic_version"
REVISION = re.compile(r"(\d{4})_\w+\.py")  # a file of the history: the newest has the greatest


class Standing(Enum):
    """Where a database stands in the history that this program knows."""

    ABSENT = "absent"  # or empty
    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"


def upgrade(db: Database, revision: str = "head") -> None:
    """Bring the database up to ``revision``, in one transaction where it can be.

    Raises Refused if it is of a newer program.
    """
    db.create()
    if standing(db) is Standing.AHEAD:
        raise Refused(problem(db))
    _history().upgrade(db, revision)


def downgrade(db: Database, revision: str) -> None:
    """Take the database down to ``revision`` ("base": empty)."""
    _history().downgrade(db, revision)


def is_current(db: Database) -> bool:
    """Whether the database stands at the newest revision of this program."""
    return standing(db) is Standing.CURRENT


def standing(db: Database) -> Standing:
    """Asked without changing anything, and without making a database that is not there."""
    if not db.exists:
        return Standing.ABSENT
    with db.engine.connect() as connection:
        is_empty = not inspect(connection).has_table("alembic_version")
        stored = () if is_empty else connection.scalars(text(STORED)).all()
    if not stored:
        return Standing.ABSENT
    if set(stored) == {max(_known())}:
        return Standing.CURRENT
    return Standing.BEHIND if _known().issuperset(stored) else Standing.AHEAD


def problem(db: Database) -> str:
    """Why this program cannot use the database, and what to do; empty if it can."""
    match standing(db):
        case Standing.ABSENT:
            return (
                f"There is no newsletter in {db.url.database}: run this where yours is, "
                "or `newsletter db upgrade` to begin one there."
            )
        case Standing.BEHIND:
            return "The database is not up to date: run `newsletter db upgrade`."
        case Standing.AHEAD:
            return (
                "The database is of a newer version than this program: install that version, as "
                "`newsletter db upgrade` does not lead back."
            )
        case Standing.CURRENT:
            return ""


def differences(db: Database) -> list[str]:
    """What the models hold and the database does not, or the other way round."""
    sentences: list[str] = _history().differences(db)
    return sentences


@cache
def _known() -> frozenset[str]:
    """The revisions of this program."""
    names = (REVISION.fullmatch(file.name) for file in (HERE / "versions").iterdir())
    return frozenset(name[1] for name in names if name)


def _history() -> Any:
    # Loaded where the database is moved: whoever asks where it stands does without Alembic.
    return import_module("newsletter.migrations.history")
