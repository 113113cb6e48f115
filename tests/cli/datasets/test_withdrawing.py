"""Taking back what is public at the command line."""

import time_machine

from tests.cli.conftest import FRIDAY, Shell

REASON = ("--reason", "A station asked us for it.")


def test_it_is_withdrawn_and_put_back(shell: Shell) -> None:
    printed = shell.done("dataset", "withdraw", "kenya-rain", *REASON)
    assert printed.startswith("kenya-rain 1.0.0 is withdrawn: 3 files, ")
    assert printed.endswith("it can be put back: `newsletter dataset restore kenya-rain`.\n")
    (dataset,) = shell.read("dataset", "list")
    assert dataset["state"] == "withdrawn"
    assert "Nothing of kenya-rain is public" in shell.refused(
        "dataset", "withdraw", "kenya-rain", *REASON
    )
    assert "was withdrawn" in shell.refused(
        "issue", "plan", "--date", "2026-11-30", "--dataset", "kenya-rain"
    )
    assert "Public again: https://news.example.org/datasets/kenya-rain (1.0.0)" in shell.done(
        "dataset", "restore", "kenya-rain", "--version", "1.0.0"
    )


def test_after_the_day_a_new_file_is_its_next_version(shell: Shell) -> None:
    shell.done("dataset", "withdraw", "kenya-rain", *REASON)
    with time_machine.travel(FRIDAY.replace(day=22), tick=False):
        shell.done("clock", "--once")
        assert "kept for a day" in shell.refused("dataset", "restore", "kenya-rain")
        with (shell.folder / "rain.csv").open("a") as file:
            file.write("Kisumu,2022,1201\n")
        shell.done("dataset", "update", "kenya-rain", "rain.csv")
    (dataset,) = shell.read("dataset", "list")
    assert (dataset["version"], dataset["state"]) == ("2.0.0", "draft")


def test_renaming_a_table_with_its_new_file(shell: Shell) -> None:
    with (shell.folder / "rain.csv").open("a") as file:
        file.write("Kisumu,2022,1201\n")
    shell.done("dataset", "update", "kenya-rain", "rain.csv", "--name", "stations")
    assert [table["name"] for table in shell.read("dataset", "show", "kenya-rain")["tables"]] == [
        "stations"
    ]
    assert "only lower-case letters" in shell.refused(
        "dataset", "update", "kenya-rain", "rain.csv", "--name", "No Name"
    )
