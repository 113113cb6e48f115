"""What running one post may cost, and the processes that are held to it."""

import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

INSIDE = Path(__file__).parent / "inside"
GRACE = 60  # seconds after which a process ends by itself, should nobody be left to end it


@dataclass(frozen=True, slots=True)
class RunLimits:
    seconds: float = 300.0  # wall clock, of all its cells together
    memory_bytes: int = 4 * 1024**3  # that a process may ask for
    file_bytes: int = 1024**3  # of each file that it writes
    output_bytes: int = 24 * 1024**2  # of all that it shows
    is_confined: bool = True  # it sees its own folder, and no network


def limited(command: list[str], limits: RunLimits) -> list[str]:
    """``command``, begun by a program that first gives its limits to itself."""
    seconds = int(limits.seconds)
    numbers = (limits.memory_bytes, limits.file_bytes, 2 * seconds + GRACE, seconds + GRACE)
    program = [sys.executable, "-I", "-S", str(INSIDE / "limited.py")]
    return [*program, *map(str, numbers), *command]


class Processes:
    """Those that run code now, each the leader of a group; ended together on Ctrl-C."""

    def __init__(self) -> None:
        self._leaders: set[int] = set()
        self._closed = False
        self._lock = Lock()

    def add(self, leader: int) -> None:
        with self._lock:
            self._leaders.add(leader)
        if self._closed:
            self.end(leader)

    def end(self, leader: int) -> None:
        """Kill the process, and all that it started and left in its group."""
        with self._lock:
            self._leaders.discard(leader)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)

    def close(self) -> None:
        """Kill all; those that are added later, too."""
        self._closed = True
        for leader in tuple(self._leaders):
            self.end(leader)
