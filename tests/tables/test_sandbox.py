"""The child of a stranger's file ends when it is told to, and with its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from newsletter.tables import sandbox
from tests.functional.lists import REPOSITORY
from tests.waiting import wait_until, wait_until_ended

SLEEPER = """
import os, pathlib, time
from newsletter.tables import sandbox
request = sandbox.read_request()
folder = pathlib.Path(request["folder"])
(folder / "new").write_text(str(os.getpid()))
(folder / "new").rename(folder / "pid")
time.sleep(request["seconds"])
print("answered", end="")
"""
PARENT = """
import sys
from pathlib import Path
from newsletter.tables import sandbox
folder = Path(sys.argv[1])
environment = sandbox._environment(folder)
environment["PYTHONPATH"] += f":{folder}"
sandbox._environment = lambda _: environment
sandbox.run("sleeper", sys.argv[2].encode(), folder, 60, 100)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The child's own, and a module that it runs."""
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    environment = sandbox._environment

    def with_sleeper(folder: Path) -> dict[str, str]:
        env = environment(folder)
        return env | {"PYTHONPATH": f"{env['PYTHONPATH']}:{tmp_path}"}

    monkeypatch.setattr(sandbox, "_environment", with_sleeper)
    return tmp_path


def request(folder: Path, seconds: float) -> bytes:
    return f'{{"folder": "{folder}", "seconds": {seconds}}}'.encode()


def pid_of(folder: Path) -> int:
    wait_until((folder / "pid").exists)
    return int((folder / "pid").read_text())


def test_it_answers(folder: Path) -> None:
    assert sandbox.run("sleeper", request(folder, 0), folder, 60, 100) == b"answered"


def test_one_that_takes_too_long_is_ended(folder: Path) -> None:
    with pytest.raises(sandbox.TooSlow):
        sandbox.run("sleeper", request(folder, 60), folder, 1.5, 100)
    wait_until_ended(pid_of(folder))


def test_what_its_watcher_raises_ends_it(folder: Path) -> None:
    def watch() -> None:
        if (folder / "pid").exists():
            raise KeyError("enough")

    began = time.monotonic()
    with pytest.raises(KeyError, match="enough"):
        sandbox.run("sleeper", request(folder, 60), folder, 60, 100, watch)
    assert time.monotonic() - began < 30
    wait_until_ended(pid_of(folder))


def test_it_does_not_outlive_a_parent_that_is_killed(folder: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder), request(folder, 60).decode()],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    pid = pid_of(folder)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_until_ended(pid)
