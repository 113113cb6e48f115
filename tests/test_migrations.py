"""Models and migrations agree, up and down, on both databases."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy.exc import IntegrityError

from newsletter import migrations
from newsletter.curators import accounts
from newsletter.db import Database
from newsletter.errors import Refused
from newsletter.migrations import Standing, procrastinate_schema
from newsletter.models.curator import Role
from tests.postgres import sqlalchemy_address

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


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


def test_a_file_of_the_history_is_called_after_its_revision_and_the_last_is_the_newest() -> None:
    folder = Path(migrations.__file__).parent
    history = ScriptDirectory(str(folder))
    files = {path.name[:4] for path in (folder / "versions").glob("*.py")}
    assert {script.revision for script in history.walk_revisions()} == files
    assert history.get_heads() == [max(files)]


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


def test_procrastinate_has_no_history_that_no_revision_applies() -> None:
    files = {path.stem for path in procrastinate_schema.folder().glob("*.sql")}
    assert files == set(procrastinate_schema.FIRST)


def test_its_history_makes_what_its_package_means(postgres_url: str) -> None:
    migrated = Database(sqlalchemy_address(postgres_url))
    migrations.upgrade(migrated)
    by_history = _procrastinate(migrated)
    migrations.downgrade(migrated, "0005")
    assert _procrastinate(migrated) == set()
    schema = procrastinate_schema.folder().parent / "schema.sql"
    with migrated.engine.begin() as connection:
        connection.exec_driver_sql(schema.read_text().replace("%", "%%"))
    assert _procrastinate(migrated) == by_history
    migrated.close()


def _procrastinate(db: Database) -> set[str]:
    """All that the catalog of PostgreSQL says of it."""
    questions = (
        (
            "SELECT table_name, column_name, data_type, column_default"
            " FROM information_schema.columns WHERE table_name LIKE 'procrastinate%'"
        ),
        "SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'procrastinate%'",
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'procrastinate%'",
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE 'procrastinate%'",
        (
            "SELECT t.typname, e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid"
            " WHERE t.typname LIKE 'procrastinate%'"
        ),
        "SELECT typname FROM pg_type WHERE typname LIKE 'procrastinate%'",
        (
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid::regclass::text LIKE 'procrastinate%'"
        ),
    )
    with db.engine.connect() as connection:
        return {
            " ".join(str(tuple(row)).replace("\\n", " ").split())
            for question in questions
            for row in connection.execute(sa.text(question))
        }


def test_a_curator_keeps_the_rights_that_there_were(db: Database) -> None:
    migrations.downgrade(db, "0013")
    with db.engine.begin() as connection:
        for number, role in ((3, "curator"), (4, "owner"), (9, "curator")):
            connection.execute(
                sa.text(
                    "INSERT INTO curator (id, address, address_key, role, password_hash,"
                    " created_at, failed_logins) VALUES (:n, :a, :a, :role, '',"
                    " '2026-11-23 09:00:00', 0)"
                ),
                {"n": number, "a": f"{number}@example.org", "role": role},
            )
        connection.execute(sa.text("DELETE FROM curator WHERE id = 9"))
    migrations.upgrade(db)
    roles = sa.text("SELECT id, role FROM curator ORDER BY id")
    with db.engine.connect() as connection:
        # As it was, so that a process of the version before can read it.
        assert connection.execute(roles).all() == [(3, "curator"), (4, "owner")]
    with db.write() as session:
        assert [c.role for c in accounts.everyone(session)] == [Role.SENDER, Role.OWNER]
        added = accounts.add_curator(session, "new@example.org", Role.AUTHOR, None, NOW)
    if db.is_sqlite:  # PostgreSQL counts apart from the table
        assert added.id == 10
    migrations.downgrade(db, "0013")
    with db.engine.connect() as connection:
        assert {role for _, role in connection.execute(roles)} == {"curator", "owner"}
