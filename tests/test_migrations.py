"""Models and migrations agree, up and down, on both databases."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from newsletter import migrations
from newsletter.db import Database
from newsletter.errors import Refused
from newsletter.migrations import Standing


def test_models_and_migrations_agree(db: Database) -> None:
    assert migrations.is_current(db)
    assert migrations.differences(db) == []


def test_a_column_that_no_migration_makes_is_noticed(db: Database) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE subscriber DROP COLUMN name"))
    assert "name" in str(migrations.differences(db))


def test_the_history_goes_down_to_nothing_and_up_again(db: Database) -> None:
    migrations.downgrade(db, "base")
    assert set(sa.inspect(db.engine).get_table_names()) == {"alembic_version"}
    assert not migrations.is_current(db)
    migrations.upgrade(db)
    assert migrations.differences(db) == []


def test_where_a_database_stands_is_known_and_said(db: Database) -> None:
    assert (migrations.standing(db), migrations.problem(db)) == (Standing.CURRENT, "")
    migrations.downgrade(db, "-1")
    assert migrations.standing(db) is Standing.BEHIND
    assert "`newsletter db upgrade`" in migrations.problem(db)
    migrations.downgrade(db, "base")
    assert migrations.standing(db) is Standing.ABSENT
    assert str(db.url.database) in migrations.problem(db)
    assert "`newsletter db upgrade`" in migrations.problem(db)


def test_a_database_of_a_newer_program_is_left_as_it_is(db: Database) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    assert migrations.standing(db) is Standing.AHEAD
    with pytest.raises(Refused, match="of a newer version"):
        migrations.upgrade(db)


def test_upgrading_twice_changes_nothing(db: Database) -> None:
    migrations.upgrade(db)
    assert migrations.is_current(db)


def test_going_up_and_down_keeps_rows_that_refer_to_a_table_made_anew(db: Database) -> None:
    migrations.downgrade(db, "0003")
    with db.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO issue (id, kind, date, state, subject, preheader, intro, created_at,"
                " candidates, balance) VALUES (7, 'monday', '2026-11-30', 'planned', '', '', '',"
                " '2026-11-23 09:00:00', 0, '{}')"
            )
        )
        connection.execute(
            sa.text(
                "INSERT INTO notice (kind, address, issue_id, subject, lines, path, created_at,"
                " state, attempts) VALUES ('test', 'ada@example.org', 7, '', '[]', '',"
                " '2026-11-23 09:00:00', 'pending', 0)"
            )
        )
    migrations.upgrade(db)
    migrations.downgrade(db, "0003")
    with db.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT issue_id FROM notice")).scalar_one() == 7


def test_an_answer_is_a_notice_from_the_revision_on_that_knows_of_it(db: Database) -> None:
    answer = sa.text(
        "INSERT INTO notice (kind, address, subject, lines, path, created_at, state, attempts)"
        " VALUES ('answer', 'ada@example.org', '', '[]', '', '2026-11-23 09:00:00', 'pending', 0)"
    )
    with db.engine.begin() as connection:
        connection.execute(answer)
    migrations.downgrade(db, "0003")
    with db.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM notice")).scalar_one() == 0
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(answer)
