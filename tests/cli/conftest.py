"""A home with something in it, and commands run in it as a person would."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result

from newsletter.cli import newsletter

FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
RAIN = """\
station,year,rain_mm
Nairobi,2021,781
Nairobi,2022,624
Mombasa,2021,1012
Mombasa,2022,
Kisumu,2021,1340
"""
PEOPLE = """\
email,name
ada@example.org,Ada
ben@example.org,Ben
"""


class Shell:
    """Runs commands in a folder, with an environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ: dict[str, str | None] = {
            "NEWSLETTER_HOME": str(folder / "instance"),
            "NEWSLETTER_BASE_URL": "https://news.example.org",
            "NEWSLETTER_POSTAL_ADDRESS": "1 Data Street, 10001 New York",
        }

    def __call__(self, *arguments: str, typed: str | None = None) -> Result:
        return CliRunner(env=self.environ).invoke(
            newsletter, arguments, input=typed, prog_name="newsletter"
        )

    def done(self, *arguments: str) -> str:
        """What a command prints, which must end well."""
        result = self(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refused(self, *arguments: str) -> str:
        """The one line with which a command must refuse."""
        result = self(*arguments)
        assert result.exit_code == 1, result.output
        assert result.stderr.startswith("newsletter: ")
        assert result.stderr.count("\n") == 1
        return result.stderr

    def read(self, *arguments: str) -> Any:
        """What a command prints with --json."""
        return json.loads(self.done(*arguments, "--json"))

    @property
    def outbox(self) -> list[Path]:
        return list((self.folder / "instance" / "outbox" / "new").glob("*"))


@pytest.fixture(autouse=True)
def friday() -> Iterator[time_machine.Traveller]:
    """It is noon on the Friday before Monday 23 November 2026."""
    with time_machine.travel(FRIDAY) as traveller:
        yield traveller


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A folder with a table and a list of people, and no home yet."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rain.csv").write_text(RAIN)
    (tmp_path / "people.csv").write_text(PEOPLE)
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a dataset, an owner and two subscribers, made by the commands."""
    folder = tmp_path_factory.mktemp("furnished")
    (folder / "rain.csv").write_text(RAIN)
    (folder / "people.csv").write_text(PEOPLE)
    shell = Shell(folder)
    with time_machine.travel(FRIDAY):
        (folder / "secret").write_text("a long password")
        shell.done("curator", "add", "owner@example.org", "--password-file", str(folder / "secret"))
        shell.done("subscriber", "import", str(folder / "people.csv"), "--confirmed")
        shell.done(
            "dataset", "add", str(folder / "rain.csv"), "--slug", "kenya-rain",
            "--title", "Rain in Kenya", "--license", "CC0-1.0", "--publish",
        )  # fmt: skip
    return folder / "instance"


@pytest.fixture
def shell(empty: Shell, furnished: Path) -> Shell:
    """A folder with a home of its own that holds a dataset, an owner and two subscribers."""
    shutil.copytree(furnished, empty.folder / "instance")
    empty.done("sending", "allow")  # it is a copy
    return empty
