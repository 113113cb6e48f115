"""A process of its own for a stranger's file: with limits, without anything of ours.

``run`` is the parent's side. The child reads what it is asked with ``read_request``, takes its
limits with ``limit`` before it touches the file, answers on stdout, and dies with a signal or
a status when a limit is reached, or its parent is gone.
"""

import contextlib
import json
import math
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, cast

import newsletter

OUT_OF_TIME = {-signal.SIGXCPU, -signal.SIGALRM}
OPEN_FILES = 256
LOOK_SECONDS = 0.2  # between two calls of ``watch``


class TooSlow(Exception):
    """It took longer than it may."""


class BrokenOff(Exception):
    """It ended without an answer; ``output`` is the end of what it wrote to stderr, for a
    developer and never shown to a person."""

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


def run(
    module: str,
    request: bytes,
    folder: Path,
    seconds: float,
    most: int,
    watch: Callable[[], None] = lambda: None,
) -> bytes:
    """The answer of ``python -m module`` to ``request``, one line; at most ``most`` bytes of it.

    ``folder`` is the child's own. ``watch`` is called again and again while it runs; what that
    raises ends it. Raises TooSlow or BrokenOff; no process is left.
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
            _ask(process, request)
            _wait(process, seconds, watch)
        finally:
            _end(process)
    if process.returncode in OUT_OF_TIME:
        raise TooSlow
    if process.returncode != 0 or answer.stat().st_size > most:
        raise BrokenOff(errors.read_text("utf-8", "replace")[-4000:])
    return answer.read_bytes()


def read_request() -> Any:
    """What the child is asked. From here on it lives no longer than its parent, which keeps the
    pipe open for as long as it waits."""
    line = sys.stdin.buffer.readline()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    return json.loads(line)


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


def _ask(process: subprocess.Popen[bytes], request: bytes) -> None:
    stdin = cast(IO[bytes], process.stdin)
    try:
        stdin.write(request + b"\n")
        stdin.flush()
    except BrokenPipeError:  # it ended before it read all of it: its status says why
        return


def _wait(process: subprocess.Popen[bytes], seconds: float, watch: Callable[[], None]) -> None:
    ends = time.monotonic() + seconds
    while process.poll() is None:
        left = ends - time.monotonic()
        if left <= 0:
            raise TooSlow
        try:
            process.wait(min(left, LOOK_SECONDS))
        except subprocess.TimeoutExpired:
            watch()


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # not by the buffer, whose lock would be held at the end
    os.kill(os.getpid(), signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started, if it still runs."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    with contextlib.suppress(BrokenPipeError):
        cast(IO[bytes], process.stdin).close()
