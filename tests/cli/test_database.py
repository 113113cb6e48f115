import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Shell


def test_upgrading_twice_changes_nothing(empty: Shell) -> None:
    for _ in range(2):
        assert "up to date" in empty.done("db", "upgrade")
    assert "as it should be" in empty.done("db", "check")


def test_check_names_what_differs_from_the_models(shell: Shell) -> None:
    with closing(sqlite3.connect(shell.folder / "instance" / "newsletter.db")) as database:
        database.execute("ALTER TABLE curator DROP COLUMN failed_at")
    assert "failed_at" in shell.refused("db", "check")


def test_a_backup_is_the_whole_database(shell: Shell) -> None:
    file = shell.folder / "copy.db"
    shell.done("db", "backup", str(file))
    with closing(sqlite3.connect(file)) as copy:
        rows = copy.execute("SELECT address FROM subscriber ORDER BY address").fetchall()
    assert rows == [("ada@example.org",), ("ben@example.org",)]


def test_a_backup_can_be_run_from(shell: Shell) -> None:
    shell.done("db", "backup", str(shell.folder / "copy.db"))
    shell.environ["DATABASE_URL"] = f"sqlite:///{shell.folder}/copy.db"
    assert [d["slug"] for d in shell.read("dataset", "list")] == ["kenya-rain"]


def test_a_backup_replaces_no_file(shell: Shell) -> None:
    file = shell.folder / "copy.db"
    file.write_text("mine")
    assert "exists already" in shell.refused("db", "backup", str(file))
    assert file.read_text() == "mine"


def test_postgresql_that_is_not_migrated_is_refused(empty: Shell, postgres_url: str) -> None:
    empty.environ |= {
        "DATABASE_URL": postgres_url,
        "SECRET_KEY": "0123456789abcdefghijklmnopqrst!?",
    }
    assert "newsletter db upgrade" in empty.refused("dataset", "list")
    empty.done("db", "upgrade")
    assert empty.read("dataset", "list") == []


def test_pg_dump_is_run_without_the_password_among_its_arguments(
    empty: Shell, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stub(empty, monkeypatch, 'echo "$PGPASSWORD $*" > "${2#--file=}"')
    _use(empty, postgres_url)
    empty.done("db", "backup", "copy.dump")
    password, *arguments = Path("copy.dump").read_text().split()
    assert password == "hush"
    assert arguments[0] == "--format=custom"
    assert arguments[-1].startswith("postgresql://")
    assert "hush" not in " ".join(arguments)


def test_a_dump_that_failed_is_not_kept(
    empty: Shell, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stub(empty, monkeypatch, 'echo half > "${2#--file=}"; exit 1')
    _use(empty, postgres_url)
    assert "nothing was kept" in empty.refused("db", "backup", "copy.dump")
    assert not Path("copy.dump").exists()


def _stub(shell: Shell, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A pg_dump that runs ``script``, before any other."""
    folder = shell.folder / "bin"
    folder.mkdir()
    program = folder / "pg_dump"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def _use(shell: Shell, postgres_url: str) -> None:
    # The server of the tests trusts its own user, whatever the password.
    url = postgres_url.replace("postgres:@", "postgres:hush@")
    assert "hush" in url
    shell.environ |= {"DATABASE_URL": url, "SECRET_KEY": "0123456789abcdefghijklmnopqrst!?"}
    shell.done("db", "upgrade")
