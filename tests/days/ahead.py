"""What a process needs that shall show the same time as the tests: see tests.days."""

import os
import subprocess

AHEAD = "CLOCK_AHEAD"  # seconds
VARIABLES = (AHEAD, "PYTHONPATH")


def of_python() -> dict[str, str]:
    """The variables for a Python whose environment is otherwise a test's own."""
    return {name: os.environ[name] for name in VARIABLES if AHEAD in os.environ}


def of_a_server() -> dict[str, str]:
    """The variables for a program in C. (A Python under libfaketime cannot sleep.)"""
    if AHEAD not in os.environ:
        return {}
    shift = f"{int(os.environ[AHEAD]):+}s"
    faketime = ["faketime", "-m", "--exclude-monotonic", "-f", shift]
    lines = subprocess.run([*faketime, "env"], capture_output=True, text=True, check=True).stdout
    environ = dict(line.split("=", 1) for line in lines.splitlines() if "=" in line)
    kept = ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "DONT_FAKE_MONOTONIC")
    return {name: environ[name] for name in kept if name in environ} | {"NO_FAKE_STAT": "1"}
