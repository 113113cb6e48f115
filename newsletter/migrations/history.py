"""Moving a database along the history, and comparing it with the models: by Alembic."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection

from newsletter import models
from newsletter.db import Base, Database

HERE = Path(__file__).parent
assert models  # noqa: S101 - importing the models is what fills Base.metadata


def upgrade(db: Database, revision: str) -> None:
    with _altering(db) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(db: Database, revision: str) -> None:
    with _altering(db) as connection:
        command.downgrade(_config(connection), revision)


def differences(db: Database) -> list[str]:
    with db.engine.connect() as connection:
        options = {"compare_type": True, "include_name": _is_ours}
        context = MigrationContext.configure(connection, opts=options)
        return [str(difference) for difference in compare_metadata(context, Base.metadata)]


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
