"""An SQLite database at the newest revision: the history is walked once, then copied.

Of PostgreSQL's see tests.postgres.
"""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter import clock, migrations
from newsletter.backups import permission
from newsletter.db import Database


def migrate(db: Database) -> None:
    """What ``migrations.upgrade`` makes of a database that is not there yet, or is empty."""
    if migrations.is_current(db):
        return
    if db.is_sqlite:
        place = Path(str(db.url.database))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(_file())
        with db.write() as session:  # a copy, from which nothing would be sent
            permission.allow(session, clock.now())
    else:
        migrations.upgrade(db)


@cache
def _file() -> bytes:
    with TemporaryDirectory() as folder:
        place = Path(folder) / "newsletter.db"
        db = Database(f"sqlite:///{place}")
        migrations.upgrade(db)
        db.close()
        return place.read_bytes()
