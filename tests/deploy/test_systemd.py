"""The units of docs/operator.md, as systemd's own program judges them."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
POSTS = DEPLOY / "newsletter-posts.service"
MOST_EXPOSED = {  # of 100; an ordinary unit has 96
    DEPLOY / "newsletter.service": 20,
    POSTS: 28,  # it may make namespaces
}
units = pytest.mark.parametrize("unit", MOST_EXPOSED, ids=lambda unit: unit.name)

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def test_each_unit_is_judged() -> None:
    assert set(DEPLOY.glob("*.service")) == set(MOST_EXPOSED)


@units
def test_systemd_understands_every_line_of_it(tmp_path: Path, unit: Path) -> None:
    """But for the program, which is not installed there."""
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/newsletter/bin/newsletter", "/bin/true"))
    verified = subprocess.run(
        ["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False
    )
    assert [line for line in verified.stderr.splitlines() if unit.name in line] == []


@units
def test_it_is_little_exposed(unit: Path) -> None:
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--json=short",
         f"--threshold={MOST_EXPOSED[unit]}", unit],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    exposed = [row["description"] for row in json.loads(judged.stdout) if not row["set"]]
    assert judged.returncode == 0, exposed


def test_posts_can_be_shut_in_by_what_their_unit_allows() -> None:
    lines = [line.partition("=") for line in POSTS.read_text().splitlines()]
    settings = {name: value for name, _, value in lines}
    assert {"user", "mnt", "pid", "net"} <= set(settings["RestrictNamespaces"].split())
    assert "@mount" in settings["SystemCallFilter"].split()
    assert "AF_NETLINK" in settings["RestrictAddressFamilies"].split()
    # Each covers a part of /proc, and then the kernel lets nobody mount another (EPERM).
    assert not {"ProtectKernelTunables", "ProtectKernelLogs", "ProcSubset"} & set(settings)
