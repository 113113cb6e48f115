"""Saving a dataset: what the form and the commands share."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsletter.catalog import datasets
from newsletter.catalog.package.dataset_package import DatasetPackage
from newsletter.catalog.package.draft import draft
from newsletter.errors import Conflict, Invalid, NotFound
from newsletter.installation import Installation
from newsletter.models.dataset import VersionState
from newsletter.services import dataset_save
from newsletter.services.table_files import TableFile
from tests import factories

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CSV = "bank,year,seals\nNorth,2019,120\nSouth,2019,88\nNorth,2020,131\n"
MORE = CSV + "South,2020,90\n"


def words(**changes: Any) -> DatasetPackage:
    package = draft("seals", "Seals of the sea", "CC0-1.0", "seals.csv", source_url="https://e.org")
    return package.model_copy(update=changes)


def file(folder: Path, text: str = CSV, name: str = "seals.csv") -> TableFile:
    path = folder / "stored"
    path.write_text(text)
    return TableFile(path, name)


@pytest.fixture
def seals(installation: Installation, tmp_path: Path) -> Installation:
    """An installation that has published the seals."""
    files = {"seals": file(tmp_path)}
    dataset_save.add(installation, "seals", words(), files, NOW, publish=True)
    return installation


def number_and_changes(saved: dataset_save.Saved) -> tuple[str, list[str]]:
    return saved.version.number, [change["note"] for change in saved.version.changelog]


def test_a_new_dataset_is_a_draft_or_published(installation: Installation, tmp_path: Path) -> None:
    files = {"seals": file(tmp_path, name="Seal counts.csv")}
    made = dataset_save.add(installation, "seals", words(), files, NOW)
    assert (made.state, made.tables[0].origin) == (VersionState.DRAFT, "Seal counts.csv")
    made = dataset_save.add(installation, "seals-2", words(), files, NOW, publish=True)
    assert made.state is VersionState.PUBLISHED


def test_what_cannot_be_published_is_not_read(installation: Installation, tmp_path: Path) -> None:
    nowhere = {"seals": TableFile(tmp_path / "nowhere", "seals.csv")}
    for license_ in ("CC0", "GPL"):
        package = words(license=license_)
        with pytest.raises(Invalid) as refused:
            dataset_save.add(installation, "seals", package, nowhere, NOW, publish=True)
        assert list(refused.value.fields) == ["license"]


def test_a_table_without_a_file_is_refused(seals: Installation, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        dataset_save.add(seals, "others", words(), {}, NOW)
    assert list(refused.value.fields) == ["tables.0.file"]
    table = words().tables[0].model_copy(update={"name": "banks"})
    with pytest.raises(Invalid) as refused:
        dataset_save.edit(seals, "seals", words(tables=(*words().tables, table)), {}, NOW)
    assert list(refused.value.fields) == ["tables.1.file"]


def test_new_data_after_a_published_version_is_a_draft_of_the_next(
    seals: Installation, tmp_path: Path
) -> None:
    files = {"seals": file(tmp_path, MORE)}
    saved = dataset_save.edit(seals, "seals", words(), files, NOW, note="South in 2020.")
    assert number_and_changes(saved) == ("1.1.0", ["South in 2020."])
    assert saved.version.state is VersionState.DRAFT
    assert saved.before is not None
    assert (saved.before.number, saved.diff is not None) == ("1.0.0", True)


def test_the_same_data_makes_no_version(seals: Installation, tmp_path: Path) -> None:
    saved = dataset_save.replace_table(seals, "seals", file(tmp_path), NOW)
    assert (saved.version.number, saved.version.state) == ("1.0.0", VersionState.PUBLISHED)
    assert saved.diff is None


def test_a_number_that_was_chosen_counts(seals: Installation, tmp_path: Path) -> None:
    saved = dataset_save.replace_table(seals, "seals", file(tmp_path, MORE), NOW, number="2.0.0")
    number, (note,) = number_and_changes(saved)
    assert number == "2.0.0"
    assert "1 row" in note
    with pytest.raises(Conflict, match="does not come after"):
        dataset_save.replace_table(
            seals, "seals", file(tmp_path, MORE + "West,1,1\n"), NOW, number="1.0.0"
        )


def test_a_file_for_a_draft_that_was_never_published_is_taken(
    installation: Installation, tmp_path: Path
) -> None:
    dataset_save.add(installation, "seals", words(), {"seals": file(tmp_path)}, NOW)
    saved = dataset_save.replace_table(installation, "seals", file(tmp_path, MORE), NOW)
    assert (saved.version.number, saved.version.tables[0].rows) == ("1.0.0", 4)
    assert (saved.before, saved.diff) == (None, None)


def test_which_table_a_file_replaces_is_said_where_there_are_several(
    installation: Installation, tmp_path: Path
) -> None:
    with installation.db.write() as session:
        tables = {"penguins": factories.PENGUINS, "seals": CSV}
        factories.dataset(session, installation.storage, tables=tables)
    with pytest.raises(NotFound, match="penguins, seals"):
        dataset_save.replace_table(installation, "penguins", file(tmp_path, MORE), NOW)
    saved = dataset_save.replace_table(
        installation, "penguins", file(tmp_path, MORE), NOW, table="seals"
    )
    assert [(t.name, t.rows) for t in saved.version.tables] == [("penguins", 6), ("seals", 4)]


def test_a_draft_is_published_once(installation: Installation, tmp_path: Path) -> None:
    dataset_save.add(installation, "seals", words(), {"seals": file(tmp_path)}, NOW)
    assert dataset_save.publish(installation, "seals", NOW).published_at == NOW
    with pytest.raises(Conflict, match=r"seals 1\.0\.0 is published already"):
        dataset_save.publish(installation, "seals", NOW)
    with installation.db.read() as session:
        assert datasets.newest(session, "seals").state is VersionState.PUBLISHED
