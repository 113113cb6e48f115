"""A process group: who dies is started again, the others go on, and all end when asked to."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.process_group import PATIENCE, Group, lives

LASTING = "import signal; signal.pause()"
TIDY = """
import signal, sys, time
def end(*_):
    time.sleep(1)
    print("tidied up")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("ready")
signal.pause()
"""
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready")
while True:
    signal.pause()
"""
FAMOUS = """
import signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print(f"child {child.pid}")
signal.pause()
"""


Start = Callable[..., Group]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as running:

        def begin(grace: float = PATIENCE, **programs: str) -> Group:
            arguments = ["-m", "tests.engine.supervised", str(grace), json.dumps(programs)]
            return running.enter_context(Group([sys.executable, *arguments]))

        yield begin


def test_one_that_is_killed_is_started_again_and_the_others_go_on(start: Start) -> None:
    group = start(one=LASTING, two=LASTING)
    first = {name: group.pid(name) for name in ("one", "two")}
    for name in ("one", "two"):
        os.kill(first[name], signal.SIGKILL)
        again = group.pid(name, start=2)
        assert lives(again)
    assert (
        sum("ended with SIGKILL: it is started again in 1 s" in line for line in group.lines) == 2
    )
    assert sum("started (pid" in line for line in group.lines) == 4
    assert group.end() == 0


def test_all_end_in_their_time_when_it_is_asked_to_end(start: Start) -> None:
    group = start(one=TIDY, two=LASTING)
    group.wait_for(r"one +\| (ready)")
    pids = [group.pid("one"), group.pid("two")]
    assert group.end() == 0
    assert any("tidied up" in line for line in group.lines)
    assert not any(lives(pid) for pid in pids)
    assert not any("started again" in line for line in group.lines)


def test_one_that_does_not_end_is_killed_after_the_grace(start: Start) -> None:
    group = start(1.5, one=STUBBORN, two=TIDY)
    group.wait_for(r"one +\| (ready)")
    group.wait_for(r"two +\| (ready)")
    stubborn = group.pid("one")
    assert group.end() == 0
    assert not lives(stubborn)
    assert any("one did not end in time, and was killed" in line for line in group.lines)
    assert any("tidied up" in line for line in group.lines)


def test_it_leaves_nobody_behind_if_it_is_asked_twice(start: Start) -> None:
    group = start(one=TIDY)
    group.wait_for(r"one +\| (ready)")
    group.process.send_signal(signal.SIGTERM)
    group.process.send_signal(signal.SIGINT)
    assert group.end() == 0
    assert any("tidied up" in line for line in group.lines)


def test_one_that_cannot_start_waits_longer_each_time(start: Start) -> None:
    group = start(one="raise SystemExit(3)", two=LASTING)
    waits = group.wait_for(r"one ended with exit code 3: it is started again in (\d+) s", 3)
    assert waits[:3] == ["1", "2", "4"]
    assert lives(group.pid("two"))
    assert group.end() == 0


def test_what_a_killed_one_had_started_ends_with_it(start: Start) -> None:
    group = start(one=FAMOUS)
    child = int(group.wait_for(r"child (\d+)")[0])
    os.kill(group.pid("one"), signal.SIGKILL)
    group.pid("one", start=2)
    assert not lives(child)
    assert group.end() == 0
