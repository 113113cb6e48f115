"""An empty database at the newest revision: the history is walked once, then copied."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from newsletter import clock, migrations
from newsletter.backups import permission
from newsletter.db import Database

TEMPLATE = "migrated"
OF_ONE_TEST = "test_"  # how the name of a database begins that a test has to itself


def migrate(db: Database) -> None:
    """What ``migrations.upgrade`` makes of a database that is not there yet, or is empty."""
    if migrations.is_current(db):
        return
    if db.is_sqlite:
        place = Path(str(db.url.database))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(_file())
        _allow(db)
    elif str(db.url.database).startswith(OF_ONE_TEST):
        _replace_by_template(db)
        _allow(db)
    else:
        migrations.upgrade(db)


def _allow(db: Database) -> None:
    """It is a copy, from which nothing would be sent."""
    with db.write() as session:
        permission.allow(session, clock.now())


@cache
def _file() -> bytes:
    with TemporaryDirectory() as folder:
        place = Path(folder) / "newsletter.db"
        db = Database(f"sqlite:///{place}")
        migrations.upgrade(db)
        db.close()
        return place.read_bytes()


def _replace_by_template(db: Database) -> None:
    """Put a copy of its server's migrated database in the place of an empty one."""
    server = _beside(db, "postgres")
    with server.one_statement() as connection:
        names = connection.execute(text("SELECT datname FROM pg_database")).scalars().all()
        if TEMPLATE not in names:
            connection.execute(text(f"CREATE DATABASE {TEMPLATE}"))
            template = _beside(db, TEMPLATE)
            migrations.upgrade(template)
            template.close()
        db.close()
        connection.execute(text(f"DROP DATABASE {db.url.database} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {db.url.database} TEMPLATE {TEMPLATE}"))
    server.close()


def _beside(db: Database, name: str) -> Database:
    """Another database of the same server."""
    return Database(db.url.set(database=name).render_as_string(hide_password=False))
