import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import time_machine

from newsletter.cli import processes
from newsletter.jobs import JOBS
from tests.cli.conftest import Shell

MONDAY = "2026-11-23"
PATIENCE = 60  # seconds, on a busy machine


def test_the_clock_begins_what_is_due_and_the_worker_sends_it(
    shell: Shell, friday: time_machine.Traveller
) -> None:
    shell.done("issue", "plan", "--date", MONDAY, "--dataset", "kenya-rain")
    shell.done("clock", "--once")
    assert "0 messages" in shell.done("worker", "--once")
    friday.move_to("2026-11-23T09:00:00+00:00")
    shell.done("clock", "--once")
    assert "2 messages settled" in shell.done("worker", "--once")
    assert len(shell.outbox) == 2


def test_a_job_that_fails_stops_no_other_and_is_one_line_at_the_end(
    shell: Shell, friday: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.done("issue", "plan", "--date", MONDAY, "--dataset", "kenya-rain")
    friday.move_to("2026-11-23T09:00:00+00:00")
    failing = replace(JOBS[-1], function=_failing)
    monkeypatch.setattr(processes, "JOBS", (failing, *JOBS))
    line = shell.refused("clock", "--once")
    assert f"1 of {len(JOBS) + 1} jobs failed: _failing." in line
    assert "3 messages settled" in shell.done("worker", "--once")  # two issues, and the alert


def _failing(*_: object) -> None:
    raise LookupError


def test_the_family_serves_until_it_is_told_to_end(shell: Shell) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = os.environ | {k: v for k, v in shell.environ.items() if v} | {"PORT": str(port)}
    family = subprocess.Popen(
        [sys.executable, "-m", "newsletter", "run"],
        env=environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert _answer(f"http://127.0.0.1:{port}/readyz").startswith(b"ready\n")
    finally:
        family.send_signal(signal.SIGTERM)
        said, _ = family.communicate(timeout=PATIENCE)
    for name in ("web", "clock", "worker"):
        assert name in said
    assert "Traceback" not in said


def _answer(url: str) -> bytes:
    """What is at ``url`` once it is there."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(url, timeout=PATIENCE) as response:
                content: bytes = response.read()
                return content
        except (URLError, ConnectionError):
            assert time.monotonic() < deadline, f"{url} did not answer"
            time.sleep(0.05)
