"""Tests of one ``xdist_group`` share a worker, and with it what their fixtures build once."""

import subprocess
import sys
from pathlib import Path

SIX_OF_ONE_GROUP = """
import os
from pathlib import Path

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(6))
def test_it(number, tmp_path):
    Path(os.environ["WORKERS"], os.environ["PYTEST_XDIST_WORKER"]).touch()
"""


def test_a_group_stays_on_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_group.py").write_text(SIX_OF_ONE_GROUP)
    (tmp_path / "workers").mkdir()
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-n",
            "2",
            "--dist",
            "loadgroup",
            "-p",
            "no:cacheprovider",
        ],
        cwd=tmp_path,
        env={"WORKERS": str(tmp_path / "workers"), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )
    assert len(list((tmp_path / "workers").iterdir())) == 1
