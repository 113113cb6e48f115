"""What docs/operator.md says of containers: as a lint sees it, and as the program means it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from newsletter.cli import WHERE
from newsletter.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = [name for name, service in COMPOSE["services"].items() if service["image"] == "newsletter"]


def test_a_lint_has_no_complaint() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert hadolint is not None
    linted = subprocess.run(
        [hadolint, DEPLOY / "Containerfile"], capture_output=True, text=True, check=False
    )
    assert linted.stdout == ""


def test_it_copies_what_there_is_and_runs_as_nobody_else() -> None:
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE):
        for name in source.split():
            assert (DEPLOY.parent / name).exists(), name
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d*$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last


@pytest.mark.parametrize("name", OURS)
def test_each_process_of_ours_can_do_little_and_is_a_command(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    program, *command = service["command"]
    assert program == "newsletter"
    assert command[0] in WHERE


def test_what_it_sets_is_a_setting() -> None:
    fields = set(Settings.__dataclass_fields__)
    names = re.findall(
        r"NEWSLETTER_([A-Z_]+)", CONTAINERFILE + (DEPLOY / "compose.yaml").read_text()
    )
    assert {name.lower() for name in names} <= fields
