"""Saving a dataset: what the form and the commands share."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsletter.catalog import datasets
from newsletter.catalog.package.dataset_package import ColumnPackage, DatasetPackage
from newsletter.catalog.package.draft import draft
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.errors import Conflict, Invalid, NotFound
from newsletter.installation import Installation
from newsletter.models.dataset import Version, VersionState
from newsletter.models.task import Task, TaskState
from newsletter.services.datasets import dataset_save
from newsletter.services.datasets.table_files import FileSource
from newsletter.services.datasets.unread_files import unread_files
from newsletter.tasks import queueing
from tests import factories

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CSV = "bank,year,seals\nNorth,2019,120\nSouth,2019,88\nNorth,2020,131\n"
MORE = CSV + "South,2020,90\n"


def words(**changes: Any) -> DatasetPackage:
    package = draft("seals", "Seals of the sea", "CC0-1.0", "seals.csv", source_url="https://e.org")
    return package.model_copy(update=changes)


def file(folder: Path, text: str = CSV, name: str = "seals.csv") -> FileSource:
    path = folder / f"stored-{len(text)}"
    path.write_text(text)
    return FileSource(name, path=str(path))


def newest(installation: Installation, slug: str = "seals") -> Version:
    """What the catalog holds once a worker has done all that is due."""
    run_until_idle(installation)
    with installation.db.read() as session:
        version = datasets.newest(session, slug)
        assert unread_files(session, version.dataset) is None
        return version


def add(installation: Installation, slug: str, source: FileSource, publish: bool = False) -> Task:
    files = {"seals": source}
    return dataset_save.add(installation, slug, words(), files, "ada", NOW, publish=publish)


def replace(installation: Installation, slug: str, source: FileSource, **more: Any) -> Task | None:
    return dataset_save.replace_table(installation, slug, source, "ada", NOW, **more)


def error_of(installation: Installation, task: Task | None) -> str:
    """Why a task failed, once a worker has done all that is due."""
    run_until_idle(installation)
    assert task is not None
    with installation.db.read() as session:
        ended = queueing.get(session, task.id)
    assert ended.state is TaskState.FAILED
    return ended.error


@pytest.fixture
def seals(installation: Installation, tmp_path: Path) -> Installation:
    """An installation that has published the seals."""
    add(installation, "seals", file(tmp_path), publish=True)
    assert newest(installation).is_published
    return installation


def number_and_changes(version: Version) -> tuple[str, list[str]]:
    return version.number, [change["note"] for change in version.changelog]


def test_a_new_dataset_is_a_draft_at_once_and_fills_itself(
    installation: Installation, tmp_path: Path
) -> None:
    task = add(installation, "seals", file(tmp_path, name="Seal counts.csv"))
    assert task.title == "Read Seal counts.csv into seals"
    with installation.db.read() as session:
        made = datasets.newest(session, "seals")
        assert (made.title, made.state, made.tables) == (
            "Seals of the sea", VersionState.DRAFT, [],
        )  # fmt: skip
    made = newest(installation)
    assert (made.state, made.tables[0].origin) == (VersionState.DRAFT, "Seal counts.csv")


def test_it_may_be_published_as_soon_as_it_is_read(
    installation: Installation, tmp_path: Path
) -> None:
    add(installation, "seals", file(tmp_path), publish=True)
    with installation.db.read() as session:
        assert datasets.newest(session, "seals").state is VersionState.DRAFT
    assert newest(installation).state is VersionState.PUBLISHED


def test_what_cannot_be_published_is_not_promised(installation: Installation) -> None:
    nowhere = {"seals": FileSource("seals.csv", path="/nowhere")}
    for license_ in ("CC0", "GPL"):
        package = words(license=license_)
        with pytest.raises(Invalid) as refused:
            dataset_save.add(installation, "seals", package, nowhere, "ada", NOW, publish=True)
        assert list(refused.value.fields) == ["license"]
    with installation.db.read() as session:
        assert datasets.everything(session) == []


def test_a_table_without_a_file_is_refused(seals: Installation) -> None:
    with pytest.raises(Invalid) as refused:
        dataset_save.add(seals, "others", words(), {}, "ada", NOW)
    assert list(refused.value.fields) == ["tables.0.file"]
    table = words().tables[0].model_copy(update={"name": "banks"})
    package = words(tables=(*words().tables, table))
    with pytest.raises(Invalid) as refused:
        dataset_save.edit(seals, "seals", package, {}, "ada", NOW)
    assert list(refused.value.fields) == ["tables.1.file"]


def test_new_words_are_saved_at_once(seals: Installation) -> None:
    package = words(title="Seals, counted", version="1.0.0")
    assert dataset_save.edit(seals, "seals", package, {}, "ada", NOW) is None
    with seals.db.read() as session:
        assert datasets.newest(session, "seals").title == "Seals, counted"


def test_another_type_is_a_reason_to_read_the_data_again(
    installation: Installation, tmp_path: Path
) -> None:
    add(installation, "seals", file(tmp_path))
    package = datasets.package_of(newest(installation))
    table = package.tables[0]
    year = ColumnPackage(name="year", type="string")
    columns = tuple(year if column.name == "year" else column for column in table.columns)
    package = package.model_copy(
        update={"tables": (table.model_copy(update={"columns": columns}),)}
    )
    task = dataset_save.edit(installation, "seals", package, {}, "ada", NOW)
    assert task is not None
    assert task.title == "Read its data into seals"
    assert newest(installation).tables[0].columns[1]["type"] == "string"


def test_new_data_after_a_published_version_is_a_draft_of_the_next(
    seals: Installation, tmp_path: Path
) -> None:
    files = {"seals": file(tmp_path, MORE)}
    dataset_save.edit(seals, "seals", words(), files, "ada", NOW, note="South in 2020.")
    with seals.db.read() as session:
        assert datasets.newest(session, "seals").is_published  # which nothing touches meanwhile
    version = newest(seals)
    assert number_and_changes(version) == ("1.1.0", ["South in 2020."])
    assert version.state is VersionState.DRAFT


def test_the_same_data_makes_no_version(seals: Installation, tmp_path: Path) -> None:
    replace(seals, "seals", file(tmp_path))
    version = newest(seals)
    assert (version.number, version.state) == ("1.0.0", VersionState.PUBLISHED)


def test_a_number_that_was_chosen_counts(seals: Installation, tmp_path: Path) -> None:
    replace(seals, "seals", file(tmp_path, MORE), number="2.0.0")
    number, (note,) = number_and_changes(newest(seals))
    assert number == "2.0.0"
    assert "1 row" in note
    task = replace(seals, "seals", file(tmp_path, MORE + "West,1,1\n"), number="1.0.0")
    assert "does not come after" in error_of(seals, task)


def test_a_file_for_a_draft_that_was_never_published_is_taken(
    installation: Installation, tmp_path: Path
) -> None:
    add(installation, "seals", file(tmp_path))
    newest(installation)
    replace(installation, "seals", file(tmp_path, MORE))
    version = newest(installation)
    assert (version.number, version.tables[0].rows) == ("1.0.0", 4)


def test_which_table_a_file_replaces_is_said_where_there_are_several(
    installation: Installation, tmp_path: Path
) -> None:
    with installation.db.write() as session:
        tables = {"penguins": factories.PENGUINS, "seals": CSV}
        factories.dataset(session, installation.storage, tables=tables)
    with pytest.raises(NotFound, match="penguins, seals"):
        replace(installation, "penguins", file(tmp_path, MORE))
    replace(installation, "penguins", file(tmp_path, MORE), table="seals")
    tables_now = newest(installation, "penguins").tables
    assert [(t.name, t.rows) for t in tables_now] == [("penguins", 6), ("seals", 4)]


def test_a_draft_is_published_once(installation: Installation, tmp_path: Path) -> None:
    add(installation, "seals", file(tmp_path))
    newest(installation)
    assert dataset_save.publish(installation, "seals", NOW).published_at == NOW
    with pytest.raises(Conflict, match=r"seals 1\.0\.0 is published already"):
        dataset_save.publish(installation, "seals", NOW)
    assert newest(installation).state is VersionState.PUBLISHED


def test_nothing_else_of_it_changes_while_files_are_to_be_read(
    seals: Installation, tmp_path: Path
) -> None:
    replace(seals, "seals", file(tmp_path, MORE))
    with pytest.raises(Conflict, match=r"seals\.csv is being read into seals: wait"):
        replace(seals, "seals", file(tmp_path, MORE))
    with pytest.raises(Conflict, match="New files of seals are not read yet"):
        dataset_save.edit(seals, "seals", words(title="Other seals"), {}, "ada", NOW)
    with pytest.raises(Conflict, match="is being read"), seals.db.write() as session:
        dataset_save.delete_draft(session, "seals", NOW)
    assert newest(seals).number == "1.1.0"


def test_what_is_not_read_is_not_published(installation: Installation, tmp_path: Path) -> None:
    add(installation, "seals", file(tmp_path))
    with pytest.raises(Conflict, match="New files of seals are not read yet"):
        dataset_save.publish(installation, "seals", NOW)
    newest(installation)
    dataset_save.publish(installation, "seals", NOW)


def test_a_draft_is_deleted_and_its_slug_is_free_again(
    installation: Installation, tmp_path: Path
) -> None:
    add(installation, "seals", file(tmp_path))
    newest(installation)
    with installation.db.write() as session:
        dataset_save.delete_draft(session, "seals", NOW)
    with installation.db.read() as session:
        assert datasets.find(session, "seals") is None
    add(installation, "seals", file(tmp_path))
    assert newest(installation).tables[0].rows == 3
