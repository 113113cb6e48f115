"""A group of processes under a supervisor, whose output is read as it comes."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil

REPOSITORY = Path(__file__).parents[1]
PATIENCE = 60.0  # seconds, on a busy machine


class Group:
    """A running supervisor, whose output is read as it comes."""

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str] | None = None,
        folder: Path = REPOSITORY,
    ) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever became of the test, nothing of the group is left: its processes are sessions."""
        with suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self.process.pid).children(recursive=True):
                process.kill()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._thread.join(PATIENCE)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip())
                self._news.notify_all()
        self.process.stdout.close()

    def wait_for(self, pattern: str, count: int = 1) -> list[str]:
        """The first group of each line that matches, once there are so many."""
        found: list[str] = []

        def enough() -> bool:
            matches = [re.search(pattern, line) for line in self.lines]
            found[:] = [match[1] for match in matches if match]
            return len(found) >= count

        with self._news:
            assert self._news.wait_for(enough, PATIENCE), self.lines
        return found

    def pid(self, name: str, start: int = 1) -> int:
        """Of its so-manieth start."""
        return int(self.wait_for(rf"\* {name} started \(pid (\d+)\)", start)[start - 1])

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self._thread.join(PATIENCE)
        return code


def lives(pid: int) -> bool:
    """Not where it ended and nobody has asked how."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
