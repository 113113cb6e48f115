"""How large the machine is, or the part of it that a container gets."""

import os
from pathlib import Path

GIGABYTE = 1024**3
CGROUPS = Path("/sys/fs/cgroup")  # version 2: https://docs.kernel.org/admin-guide/cgroup-v2.html
OWN = Path("/proc/self/cgroup")
MOST_WORKERS = 8
WEB_THREADS = 8


def processors(group: Path | None = None) -> int:
    """How many we may use at once, at least one. ``group``: the control group, else ours."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limits = [count or 1]
    for text in _limits("cpu.max", group):
        quota, _, period = text.partition(" ")
        if quota.isdigit() and period.isdigit():
            limits.append(int(quota) // int(period))
    return max(1, min(limits))


def memory(group: Path | None = None) -> int:
    """How many bytes we may use."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([whole, *(int(text) for text in _limits("memory.max", group) if text.isdigit())])


def web_workers(group: Path | None = None) -> int:
    """How many processes serve the site: one a processor and a gigabyte of memory, so that one
    that answers something dear does not stop all; from two, where there is room for them."""
    by_memory = max(1, memory(group) // GIGABYTE)
    return min(max(2, processors(group)), by_memory, MOST_WORKERS)


def own_group(own: Path = OWN, groups: Path = CGROUPS) -> Path:
    """The folder of our control group: a container sees its own as the root of all, a service of
    systemd has one below it."""
    lines = _read(own).splitlines()
    path = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    return groups / path


def _limits(name: str, group: Path | None) -> list[str]:
    """Of the group, and of those that it is in."""
    folder = group or own_group()
    above = [parent for parent in folder.parents if CGROUPS in (parent, *parent.parents)]
    return [_read(one / name) for one in (folder, *above)]


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
