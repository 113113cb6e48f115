"""Models and migrations agree, up and down, on both databases."""

import sqlalchemy as sa

from newsletter import migrations
from newsletter.db import Database


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


def test_upgrading_twice_changes_nothing(db: Database) -> None:
    migrations.upgrade(db)
    assert migrations.is_current(db)
