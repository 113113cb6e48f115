"""One Alembic history for SQLite and PostgreSQL, and what moves along it."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from newsletter import models
from newsletter.db import Base, Database

HERE = Path(__file__).parent
assert models  # noqa: S101 - importing the models is what fills Base.metadata


def upgrade(db: Database, revision: str = "head") -> None:
    """Bring the database up to ``revision``, in one transaction where it can be."""
    if db.is_sqlite and db.url.database:
        Path(db.url.database).parent.mkdir(parents=True, exist_ok=True)
    with db.engine.begin() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(db: Database, revision: str) -> None:
    """Take the database down to ``revision`` ("base": empty)."""
    with db.engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def is_current(db: Database) -> bool:
    """Whether the database stands at the newest revision of this program."""
    heads = set(ScriptDirectory(str(HERE)).get_heads())
    with db.engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == heads


def differences(db: Database) -> list[str]:
    """What the models hold and the database does not, or the other way round."""
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [str(difference) for difference in compare_metadata(context, Base.metadata)]


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
