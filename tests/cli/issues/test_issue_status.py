"""How an issue is getting on, at a terminal and beside one."""

import json
import os
import pty
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from email import message_from_bytes

import pytest
import time_machine

from newsletter.cli.issues import issue_status
from newsletter.installation import Installation
from newsletter.settings import Settings
from tests.cli.conftest import Shell

MONDAY = "2026-11-23"
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def sent(shell: Shell, friday: time_machine.Traveller) -> Shell:
    """A shell where the rain went out to its two readers."""
    shell.done("issue", "plan", "--date", MONDAY, "--dataset", "kenya-rain")
    friday.move_to(NINE, tick=False)
    shell.done("issue", "send", MONDAY)
    return shell


def execute(shell: Shell, statement: str) -> None:
    """Change the books behind the program's back."""
    with closing(sqlite3.connect(shell.folder / "instance" / "newsletter.db")) as connection:
        connection.execute(statement)
        connection.commit()


def fail_one(shell: Shell, state: str = "failed", reason: str = "rejected") -> None:
    execute(
        shell,
        f"UPDATE delivery SET state = '{state}', reason = '{reason}', reply = '554 5.7.0 No'"
        " WHERE id = 1",
    )
    execute(shell, "UPDATE issue SET state = 'sending', closed_at = NULL")


def test_the_block_says_it_all(sent: Shell) -> None:
    fail_one(sent)
    said = sent.done("issue", "status", MONDAY)
    assert "Rain in Kenya" in said
    assert "sending" in said
    assert "2 of 2 (100 %)" in said
    assert "1 sent  1 failed  0 unknown" in said
    assert "1.0 a second over the last minute" in said
    assert "The balance holds." in said
    assert "1  failed, rejected: the server refuses this message; never again" in said
    assert "“554 5.7.0 No”" in said
    assert f"newsletter issue retry {MONDAY} --reason R" in said


def test_a_closed_issue_has_no_pace(sent: Shell) -> None:
    said = sent.done("issue", "status", MONDAY)
    assert "a second" not in said
    assert "What did not go out" not in said


def test_a_planned_issue_has_nothing_to_tell_yet(shell: Shell) -> None:
    shell.done("issue", "plan", "--date", MONDAY, "--dataset", "kenya-rain")
    assert "0 of 0 (0 %)" in shell.done("issue", "status", MONDAY)


def test_why_it_is_paused_is_said(sent: Shell) -> None:
    execute(sent, "UPDATE issue SET state = 'paused', pause_reason = 'Too many bounces.'")
    assert "Too many bounces." in sent.done("issue", "status", MONDAY)


def test_a_balance_that_does_not_hold_is_said_loudly(sent: Shell) -> None:
    execute(sent, "DELETE FROM delivery WHERE id = 1")
    assert "THE BALANCE DOES NOT HOLD" in sent.done("issue", "status", MONDAY)
    assert sent.read("issue", "status", MONDAY)["balance"]["holds"] is False


def test_the_json_has_all_of_it(sent: Shell) -> None:
    execute(
        sent,
        "UPDATE delivery SET state = 'pending', reason = 'deferred', reply = '451 4.2.0 Later',"
        " not_before = '2026-11-23 09:05:00.000000' WHERE id = 1",
    )
    execute(sent, "UPDATE issue SET state = 'sending', closed_at = NULL")
    assert sent.read("issue", "status", MONDAY) == {
        "date": MONDAY,
        "kind": "monday",
        "state": "sending",
        "dataset": "kenya-rain",
        "version": "1.0.0",
        "post": None,
        "subject": "Rain in Kenya",
        "pause_reason": None,
        "frozen_at": "2026-11-23T09:00:00+00:00",
        "closed_at": None,
        "balance": {
            "candidates": 2, "sent": 1, "failed": 0, "unknown": 0, "excluded": 0, "pending": 1,
            "holds": True,
        },
        "per_second": 1.0,
        "seconds_left": 300,
        "waiting": 1,
        "next_try": "2026-11-23T09:05:00+00:00",
        "quota_until": None,
        "reasons": [
            {
                "state": "pending",
                "reason": "deferred",
                "number": 1,
                "reply": "451 4.2.0 Later",
                "next_try": "2026-11-23T09:05:00+00:00",
                "next": "tried again at 2026-11-23 09:05 UTC",
            }
        ],
    }  # fmt: skip


def watched(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, *changes: str, json: bool = False
) -> str:
    """What watching says while these changes are made, one after each look."""
    to_come = iter(changes)
    monkeypatch.setattr(
        "newsletter.cli.issues.issue_status.time.sleep", lambda _: execute(shell, next(to_come))
    )
    return shell.done("issue", "status", MONDAY, "--watch", *(["--json"] if json else []))


CLOSE = "UPDATE issue SET state = 'sent', closed_at = frozen_at"
TAKE = "UPDATE delivery SET state = 'sent', not_before = NULL"
OPEN = "UPDATE delivery SET state = 'pending', not_before = '2026-11-23 09:00:00.000000'"
NOTHING = "SELECT 1"


def test_beside_a_terminal_watching_says_a_line_at_each_change(
    sent: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(sent, OPEN)
    execute(sent, "UPDATE issue SET state = 'sending'")
    said = watched(sent, monkeypatch, NOTHING, TAKE, NOTHING, CLOSE).splitlines()
    assert [line.split(":")[0] for line in said] == [
        f"{MONDAY} sending", f"{MONDAY} sending", f"{MONDAY} sent",
    ]  # fmt: skip
    assert "0 sent" in said[0]
    assert "2 sent" in said[1]
    assert "\x1b" not in "".join(said)


def test_in_json_each_change_is_an_object_on_a_line(
    sent: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(sent, OPEN)
    execute(sent, "UPDATE issue SET state = 'sending'")
    said = watched(sent, monkeypatch, TAKE, CLOSE, json=True).splitlines()
    assert [json.loads(line)["balance"]["sent"] for line in said] == [0, 2, 2]


def in_a_terminal(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> str:
    """What ``act`` writes where stdout is a terminal."""
    master, slave = pty.openpty()
    written: list[bytes] = []

    def read() -> None:
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:  # the other end was closed
                return
            written.append(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(slave, "w", encoding="utf-8") as terminal, monkeypatch.context() as patched:
        patched.setattr("sys.stdout", terminal)
        patched.setenv("COLUMNS", "100")
        act()
    reader.join(timeout=10)
    os.close(master)
    return b"".join(written).decode()


@pytest.fixture
def installation(sent: Shell) -> Iterator[Installation]:
    given = {name: value for name, value in sent.environ.items() if value}
    opened = Installation.open(Settings.load(given))
    yield opened
    opened.db.close()


def test_on_a_terminal_watching_paints_in_place_until_it_is_closed(
    sent: Shell, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(sent, OPEN)
    execute(sent, "UPDATE issue SET state = 'sending'")
    changes = iter([TAKE, CLOSE])
    monkeypatch.setattr(
        "newsletter.cli.issues.issue_status.time.sleep", lambda _: execute(sent, next(changes))
    )
    day = date.fromisoformat(MONDAY)
    said = in_a_terminal(monkeypatch, lambda: issue_status.watch(installation, day, False))
    assert said.count("\x1b[J") == 3
    assert said.count("A\x1b[J") == 2
    assert "0 of 2 (0 %)" in said.split("\x1b[J")[1]
    assert "2 of 2 (100 %)" in said.split("\x1b[J")[3]


def test_on_a_terminal_a_send_ends_with_its_balance(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date.fromisoformat(MONDAY)

    def send() -> None:
        with issue_status.shown(installation, day):
            pass

    said = in_a_terminal(monkeypatch, send)
    assert said.rstrip().endswith("The balance holds.")
    assert "\x1b[J" in said


def test_a_send_that_breaks_off_leaves_its_last_standing_and_no_painter(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date.fromisoformat(MONDAY)

    def send() -> None:
        with pytest.raises(RuntimeError), issue_status.shown(installation, day):
            raise RuntimeError

    assert "The balance holds." in in_a_terminal(monkeypatch, send)
    assert "progress" not in {thread.name for thread in threading.enumerate()}


def test_what_failed_is_tried_again_on_a_word_with_its_message_id(sent: Shell) -> None:
    first = {message_from_bytes(mail.read_bytes())["Message-ID"] for mail in sent.outbox}
    for mail in sent.outbox:
        mail.unlink()
    fail_one(sent)
    execute(sent, CLOSE)
    assert "Due again: 1 of the issue" in sent.done("issue", "retry", MONDAY)
    sent.done("worker", "--once")
    (again,) = sent.outbox
    assert message_from_bytes(again.read_bytes())["Message-ID"] in first
    status = sent.read("issue", "status", MONDAY)
    assert (status["state"], status["balance"]["sent"]) == ("sent", 2)


def test_only_the_reason_that_was_named_is_tried_again(sent: Shell) -> None:
    fail_one(sent)
    assert "Nothing of the issue" in sent.refused("issue", "retry", MONDAY, "--reason", "full")
    sent.done("issue", "retry", MONDAY, "--reason", "rejected")
    assert sent.read("issue", "status", MONDAY)["balance"]["pending"] == 1


def test_the_unknown_are_tried_again_with_a_warning(sent: Shell) -> None:
    fail_one(sent, "unknown", "unknown")
    assert "Nothing of the issue" in sent.refused("issue", "retry", MONDAY)
    assert "a second time" in sent.done("issue", "retry", MONDAY, "--unknown")


def test_a_planned_issue_has_nothing_to_try_again(shell: Shell) -> None:
    shell.done("issue", "plan", "--date", MONDAY, "--dataset", "kenya-rain")
    assert "has not begun" in shell.refused("issue", "retry", MONDAY)
