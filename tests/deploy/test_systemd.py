"""The unit of docs/operator.md, as systemd's own program judges it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "deploy/newsletter.service"
MOST_EXPOSED = 20  # of 100; an ordinary unit has 96

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def test_systemd_understands_every_line_of_it(tmp_path: Path) -> None:
    """But for the program, which is not installed there."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/newsletter/bin/newsletter run", "/bin/true"))
    verified = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )
    assert [line for line in verified.stderr.splitlines() if unit.name in line] == []


def test_it_is_little_exposed() -> None:
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--json=short",
         f"--threshold={MOST_EXPOSED}", UNIT],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    exposed = [row["description"] for row in json.loads(judged.stdout) if not row["set"]]
    assert judged.returncode == 0, exposed
