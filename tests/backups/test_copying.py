"""A backup is whole, private, put back on both databases, and sends nothing by itself."""

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from newsletter import migrations
from newsletter.backups.copying import back_up, put_back
from newsletter.backups.permission import allow, may_send
from newsletter.db import Database
from newsletter.errors import NotFound, Refused
from newsletter.models.curator import Curator

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def add(db: Database, *names: str) -> None:
    with db.write() as session:
        for name in names:
            session.add(Curator(address=name, address_key=name, password_hash="", created_at=NOW))


def names(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(Curator.address).order_by(Curator.id)))


def sends(db: Database) -> bool:
    with db.read() as session:
        return may_send(session)


def test_what_was_backed_up_is_there_again_and_is_not_sent(db: Database, tmp_path: Path) -> None:
    file = tmp_path / "kept.backup"
    add(db, "ada")
    back_up(db, file)
    add(db, "ben")
    assert sends(db)
    put_back(db, file, NOW)
    assert names(db) == ["ada"]
    assert not sends(db)
    with db.write() as session:
        allow(session, NOW)
    assert sends(db)


def test_a_backup_is_one_private_file_whatever_the_umask(db: Database, tmp_path: Path) -> None:
    file = tmp_path / "folder" / "kept.backup"
    file.parent.mkdir()
    previous = os.umask(0)
    try:
        back_up(db, file)
    finally:
        os.umask(previous)
    assert [path.name for path in file.parent.iterdir()] == ["kept.backup"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_backup_that_is_simply_opened_sends_nothing(sqlite_db: Database, tmp_path: Path) -> None:
    back_up(sqlite_db, tmp_path / "copy.db")
    copy = Database(f"sqlite:///{tmp_path}/copy.db")
    assert migrations.is_current(copy)
    assert not sends(copy)
    copy.close()


def test_a_home_that_is_copied_sends_nothing_and_one_that_is_moved_does(
    sqlite_db: Database, tmp_path: Path
) -> None:
    sqlite_db.close()
    shutil.copy(tmp_path / "newsletter.db", tmp_path / "copy.db")
    (tmp_path / "newsletter.db").rename(tmp_path / "moved.db")
    for name, is_allowed in (("copy.db", False), ("moved.db", True)):
        other = Database(f"sqlite:///{tmp_path}/{name}")
        assert sends(other) is is_allowed
        other.close()


def test_what_was_there_is_kept(sqlite_db: Database, tmp_path: Path) -> None:
    back_up(sqlite_db, tmp_path / "copy.db")
    add(sqlite_db, "ada")
    kept = put_back(sqlite_db, tmp_path / "copy.db", NOW)
    assert kept == tmp_path / "newsletter.db.before-20261120T120000"
    former = Database(f"sqlite:///{kept}")
    assert (names(former), names(sqlite_db)) == (["ada"], [])
    former.close()


def test_a_damaged_database_is_replaced(sqlite_db: Database, tmp_path: Path) -> None:
    add(sqlite_db, "ada")
    back_up(sqlite_db, tmp_path / "copy.db")
    sqlite_db.close()
    (tmp_path / "newsletter.db").write_bytes(b"\xa5" * 40_000)
    put_back(sqlite_db, tmp_path / "copy.db", NOW)
    assert names(sqlite_db) == ["ada"]


def test_a_backup_of_the_version_before_is_brought_up_and_sends_nothing(
    db: Database, tmp_path: Path
) -> None:
    migrations.downgrade(db, "0014")
    back_up(db, tmp_path / "copy")
    migrations.upgrade(db)
    put_back(db, tmp_path / "copy", NOW)
    assert migrations.is_current(db)
    assert not sends(db)


def _nothing(file: Path) -> None:
    file.unlink()


def _no_database(file: Path) -> None:
    file.write_text("Not a backup, but long enough to have a header of one. " * 9)


def _a_page_is_lost(file: Path) -> None:
    with file.open("r+b") as pages:
        pages.seek(8 * 4096)
        pages.write(b"\xa5" * 4096)


def _another(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE mine (number)")


def _newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize("spoil", [_nothing, _no_database, _a_page_is_lost, _another, _newer])
def test_a_file_that_is_no_good_changes_nothing(
    sqlite_db: Database, tmp_path: Path, spoil: object
) -> None:
    add(sqlite_db, "ada")
    file = tmp_path / "copy.db"
    back_up(sqlite_db, file)
    assert callable(spoil)
    spoil(file)
    with pytest.raises(Refused):
        put_back(sqlite_db, file, NOW)
    assert names(sqlite_db) == ["ada"]
    assert sends(sqlite_db)
    assert {path.name for path in tmp_path.glob("newsletter.db*")} <= {
        "newsletter.db", "newsletter.db-wal", "newsletter.db-shm",
    }  # fmt: skip


def test_a_dump_that_is_no_good_changes_nothing(postgres_url: str, tmp_path: Path) -> None:
    db = Database(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    migrations.upgrade(db)
    add(db, "ada")
    back_up(db, tmp_path / "good.dump")
    content = (tmp_path / "good.dump").read_bytes()
    (tmp_path / "cut.dump").write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(Refused, match="pg_restore failed, and the database is as it was"):
        put_back(db, tmp_path / "cut.dump", NOW)
    with pytest.raises(NotFound):
        put_back(db, tmp_path / "none.dump", NOW)
    assert names(db) == ["ada"]
    assert sends(db)
    db.close()


def test_a_copy_under_another_name_on_the_server_sends_nothing(db: Database) -> None:
    with db.write() as session:
        session.execute(text("UPDATE sending_permission SET place = 'database another'"))
    assert not sends(db)


def test_a_dump_that_is_asked_to_end_does_and_leaves_nothing(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where its server has gone without a word."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "pg_dump"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    db = Database(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    with pytest.raises(Refused, match="pg_dump failed, and nothing was kept"):
        back_up(db, tmp_path / "kept.dump", lambda: False)
    assert not list(tmp_path.glob("kept*"))
    db.close()
