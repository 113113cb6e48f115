"""How far the reading of a file is, from the child process to its parent.

The child keeps a small file in its folder up to date: the step that it is at, and how much of
that is done. The parent looks into it; what it finds there is as untrusted as the child.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

FILE = "gauge"
MOST = 100  # bytes of it
WRITE_SECONDS = 0.25
ALMOST = 0.99  # nothing is done before it is
# Each step, and which part of the whole is done before it.
UNPACKING, READING, TYPING = "unpacking it", "reading its rows", "finding its columns’ types"
PROFILING, KEEPING = "profiling it and writing each format", "storing it"
STEPS = {UNPACKING: 0.0, READING: 0.05, TYPING: 0.2, PROFILING: 0.4, KEEPING: 0.9}


class Gauge:
    """The child's side. ``part_of`` a step, from 0 to 1, is asked while that step lasts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.step(UNPACKING, lambda: 0.0)

    def step(self, name: str, part_of: Callable[[], float]) -> None:
        self._now = name, part_of

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Write the file for as long as the block runs."""
        stop = threading.Event()
        writer = threading.Thread(target=self._write_until, args=(stop,), daemon=True)
        writer.start()
        try:
            yield
        finally:
            stop.set()
            writer.join()

    def _write_until(self, stop: threading.Event) -> None:
        while not stop.wait(WRITE_SECONDS):
            name, part_of = self._now
            # A disk that is full is told of by what else is written there.
            with contextlib.suppress(OSError):
                fresh = self._folder / f"{FILE}.new"
                fresh.write_text(f"{name} {part_of():.4f}")
                fresh.replace(self._folder / FILE)


def look(folder: Path) -> tuple[str, float]:
    """The parent's side: the step, and how much is done of all of them, from 0 to 1."""
    try:
        with (folder / FILE).open("rb") as file:
            name, _, number = file.read(MOST).decode().rpartition(" ")
        part = min(max(0.0, float(number)), 1.0)  # of NaN: 0
        begin = STEPS[name]
    except (OSError, ValueError, KeyError):
        return UNPACKING, 0.0
    end = min((other for other in STEPS.values() if other > begin), default=1.0)
    return name, min(begin + (end - begin) * part, ALMOST)
