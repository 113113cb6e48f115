"""Two kinds of transaction, aware datetimes only, and SQLite set up to be trusted."""

import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from newsletter.db import Database, sqlite
from newsletter.errors import MissingExtra
from newsletter.models.subscriber import Suppression, SuppressionReason

NOON = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=UTC)


def suppression(name: str, at: datetime = NOON) -> Suppression:
    return Suppression(address_hash=name, reason=SuppressionReason.CURATOR, at=at)


def names(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(Suppression.address_hash).order_by(Suppression.id)))


def test_a_moment_comes_back_to_the_microsecond_and_in_utc(db: Database) -> None:
    with db.write() as session:
        session.add(suppression("a", NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))))
    with db.read() as session:
        moment = session.scalars(select(Suppression.at)).one()
    assert moment == NOON
    assert moment.utcoffset() == timedelta(0)


def test_moments_compare_across_zones(db: Database) -> None:
    with db.write() as session:
        session.add(suppression("a", NOON))
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    earlier = (NOON - timedelta(seconds=1)).astimezone(kathmandu)
    with db.read() as session:
        found = session.scalars(select(Suppression).where(Suppression.at > earlier)).all()
    assert len(found) == 1


def test_it_refuses_a_naive_datetime_in_a_row(db: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"), db.write() as session:
        session.add(suppression("a", NOON.replace(tzinfo=None)))
    assert names(db) == []


def test_it_refuses_a_naive_datetime_in_a_question(db: Database) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(StatementError, match="without a zone"), db.read() as session:
        session.scalars(select(Suppression).where(Suppression.at > naive)).all()


def test_write_commits_when_the_block_ends(db: Database) -> None:
    with db.write() as session:
        session.add(suppression("a"))
    assert names(db) == ["a"]


def test_write_rolls_all_of_it_back_when_the_block_raises(db: Database) -> None:
    def half_way() -> None:
        with db.write() as session:
            session.add(suppression("a"))
            session.flush()
            raise KeyError("half-way")

    with pytest.raises(KeyError):
        half_way()
    assert names(db) == []


def test_write_rolls_back_what_the_database_refuses(db: Database) -> None:
    with pytest.raises(IntegrityError), db.write() as session:
        session.add_all([suppression("a"), suppression("a")])
    assert names(db) == []


def test_read_drops_what_is_changed(db: Database) -> None:
    with db.read() as session:
        session.add(suppression("a"))
        session.flush()
        assert session.scalar(select(func.count()).select_from(Suppression)) == 1
    assert names(db) == []


def test_read_sees_one_snapshot(db: Database) -> None:
    with db.read() as session:
        count = select(func.count()).select_from(Suppression)
        assert session.scalar(count) == 0
        with db.write() as other:
            other.add(suppression("a"))
        assert session.scalar(count) == 0
    assert names(db) == ["a"]


def test_a_writer_sees_what_was_committed_before_each_of_its_questions(db: Database) -> None:
    with db.read() as session:  # a snapshot must not leak into the next use of its connection
        session.scalar(select(func.count()).select_from(Suppression))
    with db.write() as session:
        assert session.connection().get_isolation_level() in ("READ COMMITTED", "SERIALIZABLE")


def test_rows_stay_readable_after_the_block(db: Database) -> None:
    with db.write() as session:
        kept = suppression("a")
        session.add(kept)
    assert kept.id > 0
    assert kept.at == NOON


def test_writers_that_read_first_wait_for_each_other_and_none_fails(db: Database) -> None:
    with db.write() as session:
        session.add(suppression("0"))

    def count_up() -> None:
        for _ in range(5):
            with db.write() as session:
                row = session.scalars(select(Suppression).with_for_update()).one()
                row.address_hash = str(int(row.address_hash) + 1)

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(db) == ["20"]


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 1), ("foreign_keys", 1), ("busy_timeout", 60_000)],
)
def test_each_connection_to_sqlite_is_set_up(
    sqlite_db: Database, pragma: str, value: object
) -> None:
    with sqlite_db.read() as one, sqlite_db.read() as another:
        for session in (one, another):
            assert session.scalar(text(f"PRAGMA {pragma}")) == value


def test_no_connection_makes_a_file_of_sqlite(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/newsletter.db")
    assert not database.exists
    with pytest.raises(OperationalError), database.read() as session:
        session.execute(text("SELECT 1"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_sqlite_is_found_whatever_its_folder_is_called(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/50% off/#1/newsletter.db")
    database.create()
    assert database.exists
    with database.read() as session:
        assert session.scalar(text("SELECT 1")) == 1
    database.close()
    assert [path.name for path in tmp_path.rglob("*.db")] == ["newsletter.db"]


def test_a_writer_takes_the_lock_of_sqlite_before_it_reads(sqlite_db: Database) -> None:
    with sqlite_db.write() as session, sqlite_db.read() as other:
        session.scalar(select(func.count()).select_from(Suppression))
        other.execute(text("PRAGMA busy_timeout=0"))
        with pytest.raises(OperationalError, match="database is locked"):
            other.execute(text("DELETE FROM suppression"))


def test_who_waits_for_the_lock_of_sqlite_has_it_soon_after_it_is_free(
    sqlite_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    with sqlite_db.write() as other:
        other.connection()

        def wait(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 3:
                other.rollback()

        monkeypatch.setattr(sqlite, "sleep", wait)
        with sqlite_db.write() as session:
            session.add(suppression("a"))
            assert session.scalar(text("PRAGMA busy_timeout")) == 60_000
    assert len(waits) == 3
    assert max(waits) < 0.005
    assert names(sqlite_db) == ["a"]


def test_who_sends_does_not_wait_for_the_lock_of_sqlite(sqlite_db: Database) -> None:
    sender = Database(str(sqlite_db.url), for_sender=True)
    with sqlite_db.write() as other:
        other.connection()
        with pytest.raises(OperationalError, match="database is locked"), sender.write() as session:
            session.connection()
    sender.close()


def test_readers_of_sqlite_go_on_beside_a_writer(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        session.add(suppression("a"))
        session.flush()
        assert names(sqlite_db) == []


def test_postgresql_without_its_driver_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"pip install 'dataset-daily\[postgres\]'\.$"):
        Database("postgresql+psycopg://u:p@db/news")
