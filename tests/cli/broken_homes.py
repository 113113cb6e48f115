"""Run every command in a home that is really broken: ``python -m tests.cli.broken_homes FAULT
FOLDER`` prints what each came to. It breaks what it is in: a process of its own for each fault."""

import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from newsletter.cli import processes, web
from tests.cli.conftest import PEOPLE, RAIN, Shell
from tests.cli.test_context import FIRST, OTHERS, PROCESSES

PAGE = 4096
OPEN: list[sqlite3.Connection] = []  # until the process ends
Command = tuple[str, ...]


def full_disk_at_once(shell: Shell) -> None:
    """Nothing has the database open, so not even its journal can be made."""
    with (shell.folder / "instance" / "filling").open("wb", buffering=0) as filling:
        try:
            while True:
                filling.write(bytes(PAGE))
        except OSError:
            return


def full_disk(shell: Shell) -> None:
    """While processes run: the database can be read, and not be written to."""
    connection = sqlite3.connect(shell.folder / "instance" / "newsletter.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE somebody_elses (number)")
    OPEN.append(connection)
    full_disk_at_once(shell)


def read_only_disk(shell: Shell) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(shell.folder / "instance")], check=True)


def of_somebody_else(shell: Shell) -> None:
    _give_away(shell.folder / "instance")


def storage_of_somebody_else(shell: Shell) -> None:
    """A home that is ours, in which somebody else (root, say) once ran a command."""
    _give_away(shell.folder / "instance" / "storage")


def _give_away(folder: Path) -> None:
    """Root, which here may not go past modes, gives it to nobody; others close it to themselves."""
    for path in (*sorted(folder.rglob("*"), reverse=True), folder):  # what is deepest first
        if os.geteuid() == 0:
            shutil.chown(path, "nobody")
        else:
            path.chmod(0)


def damaged(shell: Shell) -> None:
    """Each page but the first is lost, as after a copy that was cut off and padded."""
    path = shell.folder / "instance" / "newsletter.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        for page in range(PAGE, size, PAGE):
            file.seek(page)
            file.write(b"\xa5" * PAGE)


def server_down(shell: Shell) -> None:
    shell.environ["DATABASE_URL"] = "postgresql://somebody:hush@127.0.0.1:1/news"
    shell.environ["SECRET_KEY"] = "0123456789abcdefghijklmnopqrst!?"


def no_driver(shell: Shell) -> None:
    server_down(shell)
    hidden = ("psycopg", "procrastinate")
    for name in [name for name in sys.modules if name.partition(".")[0] in hidden]:
        del sys.modules[name]
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(hidden))  # as if they were not installed


FAULTS: Mapping[str, Callable[[Shell], None]] = {
    fault.__name__: fault
    for fault in (
        full_disk_at_once,
        full_disk,
        read_only_disk,
        of_somebody_else,
        storage_of_somebody_else,
        damaged,
        server_down,
        no_driver,
    )
}
ON_A_DISK_OF_ITS_OWN = ("full_disk_at_once", "full_disk", "read_only_disk")
WAITS = ("server_down",)  # in which `newsletter run` waits until the server is up


def program(fault: str) -> list[str]:
    """What runs this module: as who may mount a disk of its own, or must mind modes."""
    python = [sys.executable, "-m", "tests.cli.broken_homes", fault]
    if fault in ON_A_DISK_OF_ITS_OWN:
        return ["unshare", "--user", "--map-root-user", "--mount", *python]
    if os.geteuid() == 0:
        return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *python]
    return python


def commands(fault: str) -> list[Command]:
    """Each with arguments that fit the home. ``demo`` uses no home but its own, so it meets what
    is wrong with the folder alone."""
    every = [a + b for a, b in (PROCESSES | FIRST | OTHERS).items()]
    if fault in WAITS:
        every.remove(("run",))
    if fault in ON_A_DISK_OF_ITS_OWN:
        every.append(("demo", "instance/demo", "--no-serve"))
    return [*every, ("db", "backup", "instance/copy.db"), ("doctor",)]


def main(fault: str, folder: Path, furnished: Path) -> None:
    logging.basicConfig(level=logging.WARNING)
    os.chdir(folder)
    shell = Shell(folder)
    shell.environ["NEWSLETTER_BASE_URL"] = "http://localhost:1"
    Path("rain.csv").write_text(RAIN)
    Path("people.csv").write_text(PEOPLE)
    Path("folder").mkdir()
    home = Path("instance")
    if fault in ON_A_DISK_OF_ITS_OWN:
        home.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(home)], check=True)
    shutil.copytree(furnished, home, dirs_exist_ok=True)
    for module, name in ((web, "serve"), (processes, "run_family")):
        setattr(module, name, lambda *_: None)  # what runs would not end
    FAULTS[fault](shell)
    for command in commands(fault):
        began = time.monotonic()
        result = shell(*command)
        print(
            json.dumps(
                {
                    "command": " ".join(command),
                    "code": result.exit_code,
                    "error": None
                    if result.exception is None or isinstance(result.exception, SystemExit)
                    else repr(result.exception)[:300],
                    "stderr": result.stderr,
                    "stdout": result.stdout,
                    "seconds": round(time.monotonic() - began, 2),
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
