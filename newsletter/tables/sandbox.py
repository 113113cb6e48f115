"""A process of its own for a stranger's file: with limits, without anything of ours.

``run`` is the parent's side. The child takes its limits with ``limit`` before it touches
the file; it reads a request from stdin, answers on stdout, and dies with a signal or a
status when a limit is reached.
"""

import math
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import newsletter

OUT_OF_TIME = {-signal.SIGXCPU, -signal.SIGALRM}
OPEN_FILES = 256


class TooSlow(Exception):
    """It took longer than it may."""


class BrokenOff(Exception):
    """It ended without an answer; ``output`` is the end of what it wrote to stderr, for a
    developer and never shown to a person."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


def run(module: str, request: bytes, folder: Path, seconds: float, most: int) -> bytes:
    """The answer of ``python -m module`` to ``request``, at most ``most`` bytes of it.

    ``folder`` is the child's own. Raises TooSlow or BrokenOff; no process is left.
    """
    answer, errors = folder / "answer", folder / "errors"
    with answer.open("wb") as stdout, errors.open("wb") as stderr:
        process = subprocess.Popen(
            # -P: what the file unpacks to must not be importable.
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
        )
        try:
            process.communicate(request, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise TooSlow from error
        finally:
            _end(process)
    if process.returncode in OUT_OF_TIME:
        raise TooSlow
    if process.returncode != 0 or answer.stat().st_size > most:
        raise BrokenOff(errors.read_text("utf-8", "replace")[-4000:])
    return answer.read_bytes()


def limit(memory_bytes: int, seconds: float, threads: int, output_bytes: int) -> None:
    """Take limits that only a new process could shake off: ``memory_bytes`` of addresses,
    ``seconds`` on ``threads`` processors, ``output_bytes`` of each file."""
    whole = math.ceil(seconds)
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, whole * threads),
        (resource.RLIMIT_FSIZE, output_bytes),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    signal.alarm(whole + 1)  # should the parent be gone


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of ours: no secret, no proxy, no home."""
    return {
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # others reserve more addresses than we allow
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "2",  # each thread would reserve addresses of its own
        "PYTHONPATH": str(Path(newsletter.__file__).parents[1]),
        "PYTHONUTF8": "1",
        "TMPDIR": str(folder),
        "TZ": "UTC",
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started, if it still runs."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
