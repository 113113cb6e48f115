"""A new file for a dataset: a draft, what changed, and publishing it."""

from pathlib import Path

from tests import factories
from tests.cli.conftest import RAIN, Shell


def test_a_new_file_is_a_draft_of_the_next_version(shell: Shell) -> None:
    Path("more.csv").write_text(RAIN + "Kitale,2022,900\n")
    printed = shell.done("dataset", "update", "kenya-rain", "more.csv")
    assert "kenya-rain 1.1.0 is a draft." in printed
    assert "if 1.0.0 was wrong" in printed
    printed = shell.done("dataset", "publish", "kenya-rain")
    assert printed.endswith("/datasets/kenya-rain/v/1.1.0/\n")
    assert "published already" in shell.refused("dataset", "publish", "kenya-rain")
    tables = shell.read("dataset", "show", "kenya-rain")["tables"]
    assert [(table["name"], table["rows"]) for table in tables] == [("rain", 6)]


def test_a_file_with_the_same_data_changes_nothing(shell: Shell) -> None:
    printed = shell.done("dataset", "update", "kenya-rain", "rain.csv")
    assert printed == "kenya-rain 1.0.0 has just this data: it stays as it is.\n"
    assert shell.read("dataset", "show", "kenya-rain")["state"] == "published"


def test_a_file_of_several_tables_needs_a_choice(shell: Shell, tmp_path: Path) -> None:
    book = str(factories.workbook(tmp_path, "North", "South"))
    refused = shell.refused("dataset", "update", "kenya-rain", book)
    assert "The file holds several tables: choose one of North, South." in refused
    shell.done("dataset", "update", "kenya-rain", book, "--sheet", "South")


def test_a_table_that_is_not_there_cannot_be_replaced(shell: Shell) -> None:
    refused = shell.refused("dataset", "update", "kenya-rain", "rain.csv", "--replaces", "snow")
    assert "Name the table that the file replaces: rain." in refused


def test_a_file_after_it_takes_the_place_of_a_draft_that_waits(shell: Shell) -> None:
    for rows in ("Nairobi,2021,781\nKisumu,2023,90", "Nairobi,2021,781\nKisumu,2023,9\nX,2024,4"):
        (shell.folder / "new.csv").write_text(f"station,year,rain_mm\n{rows}\n")
        assert "is a draft." in shell.done("dataset", "update", "kenya-rain", "new.csv")
    assert shell.read("dataset", "show", "kenya-rain")["tables"][0]["rows"] == 3
