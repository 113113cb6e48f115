"""Who is alive: so that what a killed worker had claimed is freed at once.

Each worker holds a lock on a file of its own for as long as it lives. The
kernel drops the lock when the process ends, however it ends, so a worker of
this home whose file can be locked is dead, and its leases may be ended. A worker of
another home (another machine) is known only by its lease running out.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def registered(home: Path) -> Iterator[str]:
    """The name of a new worker, alive until the block ends."""
    name = f"{_home_name(home)}.{os.getpid()}.{secrets.token_hex(4)}"
    path = home / "workers" / name
    unborn = path.with_name(f"new-{name}")  # until it is locked, it would seem dead
    with unborn.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        unborn.rename(path)
        try:
            yield name
        finally:
            path.unlink(missing_ok=True)


def dead(home: Path, names: set[str]) -> set[str]:
    """Those of ``names`` that were workers of this home and are no more."""
    here = f"{_home_name(home)}."
    return {name for name in names if name.startswith(here) and not _is_alive(home, name)}


def crashed(home: Path) -> set[str]:
    """The workers of this home that were killed and not buried yet."""
    here = f"{_home_name(home)}."
    files = (path for path in (home / "workers").glob(f"{here}*") if path.is_file())
    return dead(home, {path.name for path in files})


def remove_lock_files(home: Path, names: set[str]) -> None:
    """Forget workers that were killed, once nothing is left of them."""
    for name in names:
        (home / "workers" / Path(name).name).unlink(missing_ok=True)


def _home_name(home: Path) -> str:
    """A random name kept in the home: host names need not be unique."""
    path = home / "workers" / "home"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # of two first workers the second reads a whole name
        file.seek(0)
        name = file.read()
        if not name:
            name = secrets.token_hex(8)
            file.write(name)
    return name


def _is_alive(home: Path, name: str) -> bool:
    path = home / "workers" / Path(name).name
    try:
        file = path.open("r")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
