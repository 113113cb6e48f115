"""Files that a command has read: here, or by a worker."""

from pathlib import Path

import pytest

from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.settings import Settings
from tests.cli.conftest import RAIN, Shell

NAMED = ("--title=Rain of the north", "--license=CC0-1.0", "--slug=rain")


def work(shell: Shell) -> None:
    """What `newsletter worker` does beside sending."""
    environ = {name: value for name, value in shell.environ.items() if value is not None}
    installation = Installation.open(Settings.load(environ))
    run_until_idle(installation)
    installation.db.close()


@pytest.fixture
def more(shell: Shell) -> str:
    """A file with a row more."""
    Path("more.csv").write_text(RAIN + "Kitale,2022,900\n")
    return "more.csv"


def test_a_worker_adds_what_was_given_to_it(shell: Shell, more: str) -> None:
    printed = shell.done("dataset", "add", more, *NAMED, "--background", "--publish")
    assert "newsletter task watch" in printed
    Path(more).unlink()  # it is kept
    shown = shell.read("dataset", "show", "rain")
    assert (shown["state"], shown["unread"], shown["task_state"]) == ("draft", "more.csv", "queued")
    refused = shell.refused("dataset", "publish", "rain")
    assert "New files of rain are not read yet" in refused
    work(shell)
    shown = shell.read("dataset", "show", "rain")
    assert (shown["state"], shown["rows"]) == ("published", 6)
    assert "unread" not in shown


def test_a_worker_brings_a_new_version(shell: Shell, more: str) -> None:
    shell.done("dataset", "update", "kenya-rain", more, "--background")
    assert "is being read into kenya-rain: wait until" in shell.refused(
        "dataset", "update", "kenya-rain", more
    )
    work(shell)
    assert shell.read("dataset", "show", "kenya-rain")["version"] == "1.1.0"


def test_what_could_not_be_read_here_leaves_nothing(shell: Shell) -> None:
    Path("empty.csv").write_text("")
    for _ in range(2):
        refused = shell.refused("dataset", "add", "empty.csv", *NAMED)
        assert "The file is empty: give one with a header and rows." in refused
    assert "There is no dataset 'rain'" in shell.refused("dataset", "show", "rain")
    assert "The file is empty" in shell.refused("dataset", "update", "kenya-rain", "empty.csv")
    assert shell.read("dataset", "show", "kenya-rain")["state"] == "published"
    shell.done("dataset", "update", "kenya-rain", "rain.csv")


def test_what_a_worker_could_not_read_waits_to_be_made_good(shell: Shell, more: str) -> None:
    Path("empty.csv").write_text("")
    shell.done("dataset", "update", "kenya-rain", "empty.csv", "--background")
    work(shell)
    shown = shell.read("dataset", "show", "kenya-rain")
    assert shown["error"] == "The file is empty: give one with a header and rows."
    assert "The file is empty" in shell.refused("dataset", "update", "kenya-rain", "empty.csv")
    assert shell.read("dataset", "show", "kenya-rain")["unread"] == "empty.csv"
    shell.done("dataset", "drop-files", "kenya-rain")
    assert "unread" not in shell.read("dataset", "show", "kenya-rain")
    assert "All files of kenya-rain are read" in shell.refused(
        "dataset", "drop-files", "kenya-rain"
    )


def test_a_draft_is_deleted(shell: Shell, more: str) -> None:
    assert "only a draft can be deleted" in shell.refused("dataset", "delete", "kenya-rain")
    shell.done("dataset", "update", "kenya-rain", more)
    printed = shell.done("dataset", "delete", "kenya-rain")
    assert printed == "The draft kenya-rain 1.1.0 is deleted.\n"
    assert shell.read("dataset", "show", "kenya-rain")["version"] == "1.0.0"
