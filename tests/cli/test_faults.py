"""Every command in every home that is really broken: one line that says what to do, and never a
traceback; and doctor names what is wrong."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.cli import broken_homes
from tests.days import ahead

# What doctor says of each, and what a command that writes refuses with.
DOCTOR: Mapping[str, tuple[str, str]] = {
    "full_disk_at_once": ("✗ disk: The disk is full", "make room"),
    "full_disk": ("✗ disk: The disk is full", "make room"),
    "read_only_disk": ("✗ home:", "its disk is not read-only"),
    "of_somebody_else": ("✗ home:", "run this as the user whose it is"),
    "storage_of_somebody_else": ("✗ storage:", "run this as the user whose it is"),
    "damaged": ("✗ database: The database is damaged: stop", "restore the newest backup"),
    "server_down": ("✗ database: The database server does not answer: start", "DATABASE_URL"),
    "no_driver": ("", "pip install 'dataset-daily[postgres]'"),
}
WRITES = "subscriber import people.csv"


@pytest.mark.parametrize("fault", broken_homes.FAULTS)
def test_every_command_ends_well_or_in_one_line(fault: str, furnished: Path) -> None:
    results = walk(fault, furnished)
    for command, result in results.items():
        assert result["error"] is None, (command, result)
        assert result["code"] in (0, 1), command
        if result["code"] == 1 and command != "doctor":
            assert result["stderr"].startswith("newsletter: "), (command, result["stderr"])
            assert result["stderr"].count("\n") == 1, (command, result["stderr"])
        assert "Traceback" not in result["stderr"] + result["stdout"], command
        assert "hush" not in result["stderr"] + result["stdout"], command
    finding, cure = DOCTOR[fault]
    assert cure in results[WRITES]["stderr"]
    examined = results["doctor"]
    assert examined["code"] == 1
    assert finding in examined["stdout"]


def walk(fault: str, furnished: Path) -> dict[str, dict[str, Any]]:
    """What each command came to, in a process that breaks its own copy of a home."""
    with TemporaryDirectory(prefix="broken-") as folder:
        ended = subprocess.run(
            [*broken_homes.program(fault), folder, str(furnished)],
            env=os.environ | ahead.of_python(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr[-2000:]
    results = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(results) == len(broken_homes.commands(fault))
    return {result["command"]: result for result in results}
