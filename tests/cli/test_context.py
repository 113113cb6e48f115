"""Which commands may make a home or bring its database up: those that run, and no others."""

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from newsletter import clock, migrations
from newsletter.backups import permission
from newsletter.cli import processes, web
from newsletter.db import Database
from tests.cli.conftest import Shell
from tests.cli.test_commands import COMMANDS

Command = tuple[str, ...]

DAY = "2026-11-23"
PROCESSES: dict[Command, Command] = {  # and what each is given here
    ("run",): (),
    ("web",): (),
    ("clock",): ("--once",),
    ("worker",): ("--once",),
    ("db", "upgrade"): (),
}
FIRST: dict[Command, Command] = {  # what may be the first command of all
    ("curator", "add"): ("ada@example.org",),
    ("subscriber", "import"): ("people.csv",),
    ("sync",): ("folder",),
    ("dataset", "add"): (
        "rain.csv", "--slug", "rain", "--title", "Rain in Kenya", "--license", "CC0-1.0",
    ),
}  # fmt: skip
OTHERS: dict[Command, Command] = {
    ("db", "check"): (),
    ("curator", "list"): (),
    ("curator", "role"): ("owner@example.org", "owner"),
    ("curator", "remove"): ("owner@example.org",),
    ("curator", "provider-off"): ("owner@example.org",),
    ("curator", "password"): ("owner@example.org", "--password-file", "people.csv"),
    ("curator", "sign-out"): ("owner@example.org",),
    ("curator", "second-factor-off"): ("owner@example.org",),
    ("curator", "require-second-factor"): (),
    ("audit", "list"): (),
    ("audit", "export"): (),
    ("audit", "verify"): (),
    ("dataset", "list"): (),
    ("dataset", "show"): ("kenya-rain",),
    ("dataset", "profile"): ("kenya-rain",),
    ("dataset", "chart"): ("kenya-rain",),
    ("dataset", "describe"): ("kenya-rain", "--as", "dcat"),
    ("dataset", "export"): ("kenya-rain", "out"),
    ("dataset", "update"): ("kenya-rain", "rain.csv"),
    ("dataset", "diff"): ("kenya-rain",),
    ("dataset", "delete"): ("kenya-rain",),
    ("dataset", "drop-files"): ("kenya-rain",),
    ("dataset", "publish"): ("kenya-rain",),
    ("dataset", "correct"): ("kenya-rain", "--note", "A station was counted twice."),
    ("dataset", "withdraw"): ("kenya-rain", "--reason", "A station asked for it."),
    ("dataset", "restore"): ("kenya-rain",),
    ("dataset", "check"): (),
    ("post", "list"): (),
    ("post", "show"): ("rain",),
    ("post", "run"): ("--all",),
    ("post", "worker"): ("--once",),
    ("issue", "plan"): ("--date", DAY, "--dataset", "kenya-rain"),
    ("issue", "list"): (),
    ("issue", "show"): (DAY,),
    ("issue", "preview"): (DAY, "--to", "out.eml"),
    ("issue", "test"): (DAY, "--to", "ada@example.org"),
    ("issue", "send"): (DAY, "--now"),
    ("issue", "status"): (DAY,),
    ("issue", "retry"): (DAY,),
    ("issue", "pause"): (DAY,),
    ("issue", "resume"): (DAY,),
    ("issue", "cancel"): (DAY,),
    ("subscriber", "export"): ("out.csv",),
    ("subscriber", "show"): ("ada@example.org",),
    ("subscriber", "erase"): ("ada@example.org", "--yes"),
    ("subscriber", "resend"): ("ada@example.org",),
    ("subscriber", "confirm"): ("ada@example.org", "--yes"),
    ("subscriber", "lift"): ("ada@example.org", "--yes"),
    ("sending", "status"): (),
    ("sending", "allow"): (),
    ("task", "list"): (),
    ("task", "show"): ("1",),
    ("task", "watch"): ("1",),
    ("task", "cancel"): ("1",),
    ("task", "retry"): ("1",),
}
# One makes a home of its own, two work at any revision, one examines what it meets.
APART: set[Command] = {("demo",), ("db", "backup"), ("db", "restore"), ("doctor",)}


def named(commands: dict[Command, Command]) -> pytest.MarkDecorator:
    names = [" ".join(command) for command in commands]
    return pytest.mark.parametrize("words", [a + b for a, b in commands.items()], ids=names)


@pytest.fixture
def folder(empty: Shell) -> Shell:
    (empty.folder / "folder").mkdir()
    return empty


@pytest.fixture
def behind(folder: Shell, furnished: Path) -> Shell:
    """A home whose database is one revision behind, and which may send, though it is a copy."""
    shutil.copytree(furnished, folder.folder / "instance")
    database = Database(f"sqlite:///{_file(folder)}")
    with database.write() as session:
        permission.allow(session, clock.now())
    migrations.downgrade(database, "-1")
    database.close()
    return folder


@pytest.fixture
def ahead(folder: Shell, furnished: Path) -> Shell:
    """A home whose database a newer program has brought up."""
    shutil.copytree(furnished, folder.folder / "instance")
    with closing(sqlite3.connect(_file(folder))) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    return folder


@pytest.fixture(autouse=True)
def processes_that_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "serve", lambda installation: None)
    monkeypatch.setattr(processes, "run_family", lambda: None)


def _file(shell: Shell) -> Path:
    return shell.folder / "instance" / "newsletter.db"


def _bytes(shell: Shell) -> dict[str, str]:
    """Every file below the folder, and the hash of what is in it."""
    return {
        str(path.relative_to(shell.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in shell.folder.rglob("*")
        if path.is_file()
    }


def _standing(shell: Shell) -> migrations.Standing:
    database = Database(f"sqlite:///{_file(shell)}")
    standing = migrations.standing(database)
    database.close()
    return standing


def test_every_command_has_its_place_here() -> None:
    assert {path for path, _ in COMMANDS} == {*PROCESSES, *FIRST, *OTHERS, *APART}


@named(FIRST | OTHERS)
def test_a_database_behind_is_refused_and_left_as_it_is(behind: Shell, words: Command) -> None:
    before = _bytes(behind)
    assert "`newsletter db upgrade`" in behind.refused(*words)
    assert _bytes(behind) == before


@named(PROCESSES)
def test_what_runs_brings_a_database_up(behind: Shell, words: Command) -> None:
    assert behind(*words).exit_code == 0
    assert _standing(behind) is migrations.Standing.CURRENT


@named(PROCESSES | FIRST | OTHERS)
def test_a_database_ahead_is_refused_and_left_as_it_is(ahead: Shell, words: Command) -> None:
    before = _bytes(ahead)
    assert "a newer version than this program" in ahead.refused(*words)
    assert _bytes(ahead) == before


@named(OTHERS)
def test_a_wrong_folder_does_not_become_a_home(folder: Shell, words: Command) -> None:
    before = _bytes(folder)
    assert "There is no newsletter in" in folder.refused(*words)
    assert _bytes(folder) == before
    assert not (folder.folder / "instance").exists()


@named(FIRST)
def test_a_first_command_makes_a_home_and_says_so(folder: Shell, words: Command) -> None:
    line = f"A new newsletter begins in {folder.folder}/instance.\n"
    assert folder(*words).stderr.startswith(line)
    assert _standing(folder) is migrations.Standing.CURRENT
    assert "A new newsletter" not in folder(*words).output


@named(PROCESSES)
def test_what_runs_makes_a_home(folder: Shell, words: Command) -> None:
    assert folder(*words).exit_code == 0
    assert _standing(folder) is migrations.Standing.CURRENT


@pytest.mark.parametrize("words", [("db", "check"), ("sync", "folder"), ("clock", "--once")])
def test_a_file_that_is_no_database_is_refused(folder: Shell, words: Command) -> None:
    _file(folder).parent.mkdir()
    _file(folder).write_text("Not a database, but long enough to have a header of one. " * 9)
    assert "or is no database: see DATABASE_URL" in folder.refused(*words)


@pytest.mark.parametrize("words", [("db", "check"), ("db", "upgrade"), ("clock", "--once")])
def test_a_server_that_does_not_answer_is_refused(folder: Shell, words: Command) -> None:
    folder.environ["DATABASE_URL"] = "postgresql://somebody:hush@127.0.0.1:1/news"
    folder.environ["SECRET_KEY"] = "0123456789abcdefghijklmnopqrst!?"
    refusal = folder.refused(*words)
    assert "does not answer: start it, or correct DATABASE_URL" in refusal
    assert "hush" not in refusal


def test_a_database_that_is_behind_is_backed_up_as_it_is(behind: Shell) -> None:
    before = _bytes(behind)
    backup = behind("db", "backup", "copy.db")
    assert backup.exit_code == 0
    assert "The database is not up to date: run `newsletter db upgrade`." in backup.stderr
    after = _bytes(behind)
    assert after.pop("copy.db")
    assert after == before
    behind.environ["DATABASE_URL"] = f"sqlite:///{behind.folder}/copy.db"
    assert "`newsletter db upgrade`" in behind.refused("db", "check")
    behind.done("db", "upgrade")
    assert "as it should be" in behind.done("db", "check")


def test_no_backup_is_made_of_nothing(folder: Shell) -> None:
    before = _bytes(folder)
    assert "There is no newsletter in" in folder.refused("db", "backup", "copy.db")
    assert _bytes(folder) == before


@pytest.mark.parametrize(("home", "mark"), [("folder", "! "), ("behind", "✗ "), ("ahead", "✗ ")])
def test_an_examination_changes_nothing(
    request: pytest.FixtureRequest, home: str, mark: str
) -> None:
    shell: Shell = request.getfixturevalue(home)
    before = _bytes(shell)
    findings = shell("doctor").stdout.splitlines()
    database = Database(f"sqlite:///{_file(shell)}")
    assert f"{mark}database: {migrations.problem(database)}" in findings
    database.close()
    assert {finding[0] for finding in findings if "database:" not in finding} == {"✓"}
    assert _bytes(shell) == before
    assert (shell.folder / "instance").exists() == (home != "folder")
