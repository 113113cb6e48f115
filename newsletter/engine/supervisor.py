"""Processes that are kept running: one that ends is started again, and the others go on."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import IO

from honcho.colour import get_colours
from honcho.printer import Message, Printer

from newsletter.engine.ending import ended_by_signals, wait_for_signals

GRACE_SECONDS = 20.0  # for what is under way when all are to end: the sender needs 10 of them
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds, before one that ended is started again
STEADY_SECONDS = 60.0  # who ran for so long did not end because it cannot start


class Supervisor:
    """Runs ``commands``, by their names, until it is asked to end."""

    def __init__(
        self, commands: Mapping[str, Sequence[str]], grace_seconds: float = GRACE_SECONDS
    ) -> None:
        self._grace_seconds = grace_seconds
        output = _Output(width=max(map(len, commands)))
        self._members = [_Member(name, command, output) for name, command in commands.items()]

    def run(self) -> None:
        """Return after SIGTERM or SIGINT, once all have ended: by themselves within the grace, or
        else killed."""
        with suppress(SystemExit), ended_by_signals():
            try:
                for member in self._members:
                    member.start()
                wait_for_signals()
            finally:
                self._end()

    def _end(self) -> None:
        for member in self._members:
            member.ask_to_end()
        deadline = time.monotonic() + self._grace_seconds
        for member in self._members:
            member.join(max(0.0, deadline - time.monotonic()))
        for member in self._members:
            member.kill()
            member.join()


class _Output:
    """Lines of all members, each after its name."""

    def __init__(self, width: int) -> None:
        self._printer = Printer(sys.stdout, width=width)
        self._colours = get_colours()
        self._lock = threading.Lock()

    def colour(self) -> str:
        return str(next(self._colours))

    def write(self, name: str, colour: str, line: str | bytes) -> None:
        message = Message("line", line, datetime.now(), name, colour)  # noqa: DTZ005 - on a terminal
        with self._lock:
            self._printer.write(message)


class _Member:
    """One process, and the thread that starts it again."""

    def __init__(self, name: str, command: Sequence[str], output: _Output) -> None:
        self._name = name
        self._command = command
        self._output = output
        self._colour = output.colour()
        self._is_to_end = threading.Event()
        self._lock = threading.Lock()  # of the process: it is not signalled once it is reaped
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_running, name=name)
        self.start = self._thread.start
        self.join = self._thread.join

    def ask_to_end(self) -> None:
        self._is_to_end.set()
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        if self._signal(signal.SIGKILL):
            self._say("did not end in time, and was killed")

    def _keep_running(self) -> None:
        wait = FIRST_WAIT
        while not self._is_to_end.is_set():
            began = time.monotonic()
            ending = self._run_once()
            if self._is_to_end.is_set():
                self._say(ending)
                return
            if time.monotonic() - began >= STEADY_SECONDS:
                wait = FIRST_WAIT
            self._say(f"{ending}: it is started again in {wait:.0f} s")
            self._is_to_end.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _run_once(self) -> str:
        """How it ended. Whatever it had started ends with it."""
        try:
            process = self._begin()
        except OSError as error:
            return f"could not be started ({error.strerror})"
        if process is None or process.stdout is None:
            return "was not started"
        reader = threading.Thread(target=self._relay, args=(process.stdout,))
        reader.start()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with self._lock:
            self._process = None
            _signal_group(process.pid, signal.SIGKILL)
            code = process.wait()
        reader.join()
        process.stdout.close()
        return f"ended with {f'exit code {code}' if code >= 0 else signal.Signals(-code).name}"

    def _begin(self) -> "subprocess.Popen[bytes] | None":
        with self._lock:
            if self._is_to_end.is_set():
                return None
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is ours, and what it starts is of its group
            )
        self._say(f"started (pid {self._process.pid})")
        return self._process

    def _relay(self, lines: IO[bytes]) -> None:
        for line in lines:
            self._output.write(self._name, self._colour, line)

    def _say(self, what: str) -> None:
        self._output.write(self._name, self._colour, f"* {self._name} {what}")

    def _signal(self, number: int) -> bool:
        """Whether there was a process to signal."""
        with self._lock:
            if self._process is None:
                return False
            if number == signal.SIGKILL:
                _signal_group(self._process.pid, number)
            else:
                self._process.send_signal(number)
            return True


def _signal_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
