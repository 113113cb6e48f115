"""Disks, and what is on them, really broken. That a home is full, read-only or somebody else's is
tried with every command, in tests/cli/test_faults.py."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Shell


def findings(shell: Shell) -> dict[str, tuple[str, str]]:
    shell.environ["NEWSLETTER_BASE_URL"] = "http://127.0.0.1:1"
    records = json.loads(shell("doctor", "--json").stdout)
    return {record["what"]: (record["state"], record["sentence"]) for record in records}


@pytest.fixture
def storage(shell: Shell) -> Path:
    return shell.folder / "instance" / "storage"


def test_what_is_there_is_counted(shell: Shell) -> None:
    state, sentence = findings(shell)["files"]
    assert (state, sentence) == ("ok", "all 3 that the database names are in storage.")


def test_a_file_that_is_lost_is_named(shell: Shell, storage: Path) -> None:
    next(storage.rglob("*.csv")).unlink()
    state, sentence = findings(shell)["files"]
    assert state == "wrong"
    assert sentence.startswith("1 of 3 files are not in")
    assert "kenya-rain 1.0.0, rain as csv" in sentence
    assert "copy it back from the backup" in sentence


def test_a_storage_that_is_lost_is_wrong(shell: Shell, storage: Path) -> None:
    shutil.rmtree(storage)
    state, sentence = findings(shell)["files"]
    assert (state, sentence[:10]) == ("wrong", "3 of 3 fil")
    assert "NEWSLETTER_STORAGE_URL" in sentence


def test_looking_makes_nothing(shell: Shell, storage: Path) -> None:
    shutil.rmtree(storage)
    findings(shell)
    assert not storage.exists()
