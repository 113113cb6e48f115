"""Row "secrets with the umask's mode": what a home holds is its owner's alone."""

import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from newsletter.db import Database
from newsletter.host.private_files import close_to_others
from tests.days import ahead

# One process runs them all, one after the other, under the umask that lets everybody in.
COMMANDS = """\
curator add owner@example.org
subscriber import readers.csv
dataset add table.csv --slug numbers --title Numbers --license CC0-1.0
worker --once
subscriber export out/subscribers.csv
dataset export numbers out/numbers
db backup out/backup.db
"""
RUN = """
import os, sys
from newsletter.cli import main
os.umask(0)
for line in sys.argv[1].splitlines():
    sys.argv = ["newsletter", *line.split()]
    try:
        main()
    except SystemExit as end:
        if end.code:
            sys.exit(f"{line}: {end.code}")
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that everybody may enter, with a home and what was taken out of it, all made by
    commands whose shell lets everybody read and write."""
    folder = Path(mkdtemp(prefix="place-"))
    folder.chmod(0o755)
    (folder / "out").mkdir(mode=0o755)
    environ = (
        os.environ
        | ahead.of_python()
        | {
            "NEWSLETTER_HOME": str(folder / "home"),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
    )
    (folder / "readers.csv").write_text("email\nann@example.org\n")
    (folder / "table.csv").write_text("a,b\n1,2\n3,4\n")
    subprocess.run([sys.executable, "-c", RUN, COMMANDS], cwd=folder, env=environ, check=True)
    # As a database that is in use has them.
    db = Database(f"sqlite:///{folder}/home/newsletter.db")
    with db.write() as session:
        session.connection().exec_driver_sql("UPDATE subscriber SET name = name")
        yield folder
    db.close()


def test_every_file_and_folder_of_a_home_is_its_owners_alone(place: Path) -> None:
    made = [*(place / "home").rglob("*"), *(place / "out").rglob("*"), place / "home"]
    names = {path.name for path in made}
    assert names >= {"newsletter.db", "newsletter.db-wal", "newsletter.db-shm", "secret_key",
                     "tasks.db", "outbox", "storage", "workers", "home", "backup.db",
                     "subscribers.csv", "numbers"}  # fmt: skip
    assert {
        str(path.relative_to(place)): oct(path.stat().st_mode)
        for path in made
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    } == {}


def test_nobody_reads_nothing_of_a_home(place: Path) -> None:
    everything = [path for path in (place / "home").rglob("*") if path.is_file()]
    exported = [path for path in (place / "out").rglob("*") if path.is_file()]
    public = place / "public.txt"
    public.write_text("for everybody")
    public.chmod(0o644)
    assert readable_by_nobody([public, *everything, *exported]) == [public]


def test_a_home_that_a_former_version_left_open_is_closed(tmp_path: Path) -> None:
    folder, file = tmp_path / "home", tmp_path / "home" / "newsletter.db"
    folder.mkdir(mode=0o755)
    file.touch(mode=0o644)
    Database(f"sqlite:///{file}").create()
    close_to_others(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def readable_by_nobody(files: list[Path]) -> list[Path]:
    """Those that the user nobody can open, by becoming it; who is not root goes by the modes."""
    if os.geteuid() != 0:
        return [path for path in files if _is_open_to_others(path)]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _become_nobody()
            os.write(writing, "\n".join(str(n) for n, p in enumerate(files) if _opens(p)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        numbers = answer.read().split()
    os.waitpid(child, 0)
    return [files[int(number)] for number in numbers]


def _become_nobody() -> None:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def _opens(path: Path) -> bool:
    try:
        path.open("rb").close()
    except PermissionError:
        return False
    return True


def _is_open_to_others(path: Path) -> bool:
    folders = [folder for folder in path.parents if folder.owner() == path.owner()]
    return bool(path.stat().st_mode & 0o004) and all(f.stat().st_mode & 0o001 for f in folders)
