"""One Alembic history for SQLite and PostgreSQL, and what moves along it."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from newsletter import models
from newsletter.db import Base, Database
from newsletter.errors import Refused

HERE = Path(__file__).parent
assert models  # noqa: S101 - importing the models is what fills Base.metadata


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
    with _altering(db) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(db: Database, revision: str) -> None:
    """Take the database down to ``revision`` ("base": empty)."""
    with _altering(db) as connection:
        command.downgrade(_config(connection), revision)


def is_current(db: Database) -> bool:
    """Whether the database stands at the newest revision of this program."""
    return standing(db) is Standing.CURRENT


def standing(db: Database) -> Standing:
    """Asked without changing anything, and without making a database that is not there."""
    if not db.exists:
        return Standing.ABSENT
    with db.engine.connect() as connection:
        revisions = set(MigrationContext.configure(connection).get_current_heads())
    if not revisions:
        return Standing.ABSENT
    if revisions == _heads():
        return Standing.CURRENT
    known = {script.revision for script in _history().walk_revisions()}
    return Standing.BEHIND if revisions <= known else Standing.AHEAD


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
    with db.engine.connect() as connection:
        options = {"compare_type": True, "include_name": _is_ours}
        context = MigrationContext.configure(connection, opts=options)
        return [str(difference) for difference in compare_metadata(context, Base.metadata)]


@cache
def _heads() -> frozenset[str]:
    """The newest revision of this program; to read its history takes a while."""
    return frozenset(_history().get_heads())


def _history() -> ScriptDirectory:
    return ScriptDirectory(str(HERE))


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether the models speak of it: the task engine's tables are its library's."""
    return kind != "table" or not (name or "").startswith("procrastinate_")


@contextmanager
def _altering(db: Database) -> Iterator[Connection]:
    """A transaction in which SQLite may put a new table in an old one's place, while rows of
    others refer to it (https://sqlite.org/lang_altertable.html, section 7)."""
    with db.engine.connect() as connection:
        if db.is_sqlite:
            _guard(connection, "OFF")
        try:
            with connection.begin():
                yield connection
                if db.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                    raise RuntimeError("a migration left rows that refer to nothing")
        finally:
            if db.is_sqlite:
                _guard(connection, "ON")


def _guard(connection: Connection, how: str) -> None:
    """Outside a transaction; inside one SQLite takes no notice."""
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA foreign_keys = {how}")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
