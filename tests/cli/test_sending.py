"""A restored home sends nothing until it is told to, by whichever way one would."""

import json
from datetime import UTC, datetime

import time_machine

from tests.cli.conftest import Shell

MONDAY = datetime(2026, 11, 23, 9, 1, tzinfo=UTC)
HELD = "Nothing is sent: this database was put back from a backup"


def test_a_restored_home_sends_once_it_is_told_to(
    shell: Shell, friday: time_machine.Traveller
) -> None:
    shell.done("issue", "plan", "--date", "2026-11-23", "--dataset", "kenya-rain")
    shell.done("db", "backup", "kept.db")
    output = shell.done("db", "restore", "kept.db", "--yes")
    assert HELD in output
    assert "What was there is" in output
    friday.move_to(MONDAY)
    shell.done("clock", "--once")
    assert HELD in shell.refused("worker", "--once")
    assert HELD in shell.refused("issue", "send", "2026-11-23", "--now")
    assert shell.read("issue", "status", "2026-11-23")["state"] == "planned"
    assert shell.outbox == []
    assert shell.read("sending", "status") == {"may_send": False, "since": None}
    assert f"✗ sending: {HELD}" in shell("doctor").stdout
    assert "Mail goes out." in shell.done("sending", "allow")
    shell.done("clock", "--once")
    shell.done("worker", "--once")
    assert len(shell.outbox) == 2
    assert json.loads(shell.done("audit", "list", "--json"))[0]["action"] == "sending allow"


def test_what_is_under_way_is_named_before_it_goes_on(
    shell: Shell, friday: time_machine.Traveller
) -> None:
    shell.done("issue", "plan", "--date", "2026-11-23", "--dataset", "kenya-rain")
    friday.move_to(MONDAY)
    shell.done("clock", "--once")
    assert "`newsletter issue pause 2026-11-23`" in shell.done("sending", "allow")


def test_a_home_that_runs_is_not_replaced(shell: Shell) -> None:
    shell.done("db", "backup", "kept.db")
    shell.done("clock", "--once")
    assert "stop all that runs first" in shell.refused("db", "restore", "kept.db", "--yes")


def test_a_restore_is_asked_about(shell: Shell) -> None:
    shell.done("db", "backup", "kept.db")
    assert shell("db", "restore", "kept.db", typed="n\n").exit_code == 1
    assert "Mail goes out, since" in shell.done("sending", "status")
