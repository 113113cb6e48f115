"""How large the machine is, or the part of it that a container gets."""

import os
from pathlib import Path

GIGABYTE = 1024**3
CGROUP = Path("/sys/fs/cgroup")  # version 2: https://docs.kernel.org/admin-guide/cgroup-v2.html
MOST_WORKERS = 8
WEB_THREADS = 8


def processors(cgroup: Path = CGROUP) -> int:
    """How many we may use at once, at least one."""
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota, _, period = _read(cgroup / "cpu.max").partition(" ")
    limit = int(quota) // int(period) if quota.isdigit() and period.isdigit() else ours
    return max(1, min(ours or 1, limit or 1))


def memory(cgroup: Path = CGROUP) -> int:
    """How many bytes we may use."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _read(cgroup / "memory.max")
    return min(whole, int(limit)) if limit.isdigit() else whole


def web_workers(cgroup: Path = CGROUP) -> int:
    """How many processes serve the site: one a processor and a gigabyte of memory, so that one
    that answers something dear does not stop all; from two, where there is room for them."""
    by_memory = max(1, memory(cgroup) // GIGABYTE)
    return min(max(2, processors(cgroup)), by_memory, MOST_WORKERS)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
