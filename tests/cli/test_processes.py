from dataclasses import replace

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
