"""New words and new files for a dataset whose other data stays as it was read."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.catalog import datasets
from newsletter.catalog.dataset_import import Intake
from newsletter.catalog.package.dataset_package import DatasetPackage
from newsletter.catalog.versions.renewal import renew
from newsletter.db import Database
from newsletter.errors import UnreadableTable
from newsletter.models import Version
from newsletter.storage import Storage
from tests import factories

BANKS = "bank,metres\nNorth,12\nSouth,9\nEast,11\n"


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "storage")


def the_version(db: Database, storage: Storage, **tables: str) -> Version:
    """A dataset with ``tables``; its rows are loaded."""
    with db.write() as session:
        factories.dataset(session, storage, tables=tables or None)
    with db.read() as session:
        version = session.scalars(select(Version)).one()
        datasets.table_names(version.dataset)
        return version


def renewed(version: Version, storage: Storage, files: dict[str, Path], **changes: Any) -> Intake:
    package = datasets.package_of(version).model_copy(update=changes)
    return renew(version, package, files, storage)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_new_words_keep_files_profile_and_chart(db: Database, storage: Storage) -> None:
    version = the_version(db, storage)
    table, chart = version.tables[0], version.chart_png
    intake = renewed(version, storage, {}, title="Penguins, reworded")
    with db.write() as session:
        recorded = datasets.upsert(session, "penguins", intake, factories.LONG_AGO)
        assert recorded.id == version.id
    with db.read() as session:
        after = session.scalars(select(Version)).one()
        assert after.title == "Penguins, reworded"
        assert (after.tables[0].files, after.tables[0].profile) == (table.files, table.profile)
        assert after.tables[0].missing_values == table.missing_values
        assert after.chart_png == chart


def test_what_was_said_of_a_column_that_is_not_named_stays(
    sqlite_db: Database, storage: Storage
) -> None:
    version = the_version(sqlite_db, storage)
    table = datasets.package_of(version).tables[0]
    first = table.columns[0].model_copy(update={"description": "Which one."})
    intake = renewed(version, storage, {}, tables=(table.model_copy(update={"columns": (first,)}),))
    descriptions = [column["description"] for column in intake.tables[0]["columns"]]
    assert descriptions[:2] == ["Which one.", "The bill_mm of it."]


def test_another_type_reads_the_table_again_and_no_other(
    sqlite_db: Database, storage: Storage
) -> None:
    version = the_version(sqlite_db, storage, penguins=factories.PENGUINS, banks=BANKS)
    penguins, banks = datasets.package_of(version).tables
    version.tables[1].origin = "sandbanks.xlsx"
    columns = tuple(c.model_copy(update={"type": "string"}) for c in banks.columns)
    changed = (penguins, banks.model_copy(update={"columns": columns}))
    intake = renewed(version, storage, {}, tables=changed)
    assert [c["type"] for c in intake.tables[1]["columns"]] == ["string", "string"]
    assert intake.tables[1]["origin"] == "sandbanks.xlsx"
    assert intake.tables[0]["files"] == version.tables[0].files
    assert intake.chart is not None
    assert intake.chart.png == version.chart_png


def test_a_new_chart_is_drawn_of_the_rows_that_are_kept(
    sqlite_db: Database, storage: Storage
) -> None:
    version = the_version(sqlite_db, storage)
    bars = {
        "mark": "bar",
        "encoding": {
            "x": {"field": "species", "type": "nominal"},
            "y": {"aggregate": "count", "type": "quantitative"},
        },
    }
    intake = renewed(version, storage, {}, chart=bars)
    assert intake.chart is not None
    assert intake.chart.spec == bars
    assert intake.chart.png != version.chart_png


def test_a_chart_of_a_table_that_is_not_there_is_none(
    sqlite_db: Database, storage: Storage
) -> None:
    version = the_version(sqlite_db, storage)
    nowhere = {"mark": "bar", "usermeta": {"table": "nowhere"}}
    assert renewed(version, storage, {}, chart=nowhere).chart is None


def test_of_two_tables_only_the_one_with_a_new_file_is_read(
    sqlite_db: Database, storage: Storage, tmp_path: Path
) -> None:
    version = the_version(sqlite_db, storage, penguins=factories.PENGUINS, banks=BANKS)
    more = write(tmp_path, "again.csv", BANKS + "West,4\n")
    intake = renewed(version, storage, {"banks": more})
    assert [(t["name"], t["rows"], t["position"]) for t in intake.tables] == [
        ("penguins", 6, 0),
        ("banks", 4, 1),
    ]
    assert intake.tables[1]["columns"][0]["description"] == "The bank of it."
    assert intake.tables[0]["files"] == version.tables[0].files
    assert intake.chart is not None
    assert intake.chart.png == version.chart_png


def test_a_key_that_the_new_file_no_longer_has_is_dropped(
    sqlite_db: Database, storage: Storage, tmp_path: Path
) -> None:
    version = the_version(sqlite_db, storage, banks=BANKS)
    table = datasets.package_of(version).tables[0].model_copy(update={"primary_key": ("bank",)})
    file = write(tmp_path, "places.csv", BANKS.replace("bank", "place"))
    intake = renewed(version, storage, {"banks": file}, tables=(table,))
    assert intake.tables[0]["primary_key"] == []
    assert renewed(version, storage, {}, tables=(table,)).tables[0]["primary_key"] == ["bank"]


def test_a_file_of_several_tables_does_not_take_the_place_of_one(
    sqlite_db: Database, storage: Storage, tmp_path: Path
) -> None:
    version = the_version(sqlite_db, storage, banks=BANKS)
    with pytest.raises(UnreadableTable, match=r"choose one of North, South\.") as refused:
        renewed(version, storage, {"banks": factories.workbook(tmp_path, "North", "South")})
    assert list(refused.value.fields) == ["tables.0.read.table"]


def test_without_its_first_table_the_chart_is_of_the_next(
    sqlite_db: Database, storage: Storage
) -> None:
    version = the_version(sqlite_db, storage, penguins=factories.PENGUINS, banks=BANKS)
    package: DatasetPackage = datasets.package_of(version)
    intake = renewed(version, storage, {}, tables=package.tables[1:])
    assert [(t["name"], t["position"]) for t in intake.tables] == [("banks", 0)]
    assert intake.chart is None or intake.chart.png != version.chart_png
