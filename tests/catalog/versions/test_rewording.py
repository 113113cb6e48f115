"""New words for a dataset whose data stays as it was read."""

from pathlib import Path

from sqlalchemy import select

from newsletter.catalog import datasets
from newsletter.catalog.versions.rewording import only_words_differ, reword
from newsletter.db import Database
from newsletter.models import Version
from newsletter.storage import Storage
from tests import factories


def kept(db: Database, storage: Storage) -> None:
    with db.write() as session:
        factories.dataset(session, storage)


def test_it_keeps_files_profile_and_chart_and_takes_the_words(db: Database, tmp_path: Path) -> None:
    storage = Storage(tmp_path / "storage")
    kept(db, storage)
    with db.write() as session:
        version = session.scalars(select(Version)).one()
        before = version.tables[0]
        files, profile, chart = before.files, before.profile, version.chart_png
        package = datasets.package_of(version).model_copy(update={"title": "Penguins, reworded"})
        intake = reword(version, package)
        brought = datasets.upsert(session, "penguins", intake, factories.LONG_AGO)
        assert brought.id == version.id
    with db.read() as session:
        after = session.scalars(select(Version)).one()
        assert after.title == "Penguins, reworded"
        assert (after.tables[0].files, after.tables[0].profile) == (files, profile)
        assert after.chart_png == chart


def test_a_type_a_chart_or_a_table_more_is_not_only_words(
    sqlite_db: Database, tmp_path: Path
) -> None:
    kept(sqlite_db, Storage(tmp_path / "storage"))
    with sqlite_db.read() as session:
        version = session.scalars(select(Version)).one()
        package = datasets.package_of(version)
        assert only_words_differ(version, package)
        table = package.tables[0]
        column = table.columns[0].model_copy(update={"type": "integer"})
        retyped = table.model_copy(update={"columns": (column, *table.columns[1:])})
        other = table.model_copy(update={"name": "other"})
        for changes in (
            {"tables": (retyped,)},
            {"tables": (table, other)},
            {"tables": ()},
            {"chart": {"mark": "bar"}},
        ):
            assert not only_words_differ(version, package.model_copy(update=changes))


def test_what_was_said_of_a_column_that_is_not_named_stays(
    sqlite_db: Database, tmp_path: Path
) -> None:
    kept(sqlite_db, Storage(tmp_path / "storage"))
    with sqlite_db.read() as session:
        version = session.scalars(select(Version)).one()
        package = datasets.package_of(version)
        first = package.tables[0].columns[0].model_copy(update={"description": "Which one."})
        table = package.tables[0].model_copy(update={"columns": (first,)})
        intake = reword(version, package.model_copy(update={"tables": (table,)}))
    said = [column["description"] for column in intake.tables[0]["columns"]]
    assert said[0] == "Which one."
    assert said[1] == "The bill_mm of it."
