"""A database written to a file while it is in use, and put back from one."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from sqlalchemy import URL

from newsletter import migrations
from newsletter.backups.permission import take_away
from newsletter.db import Database
from newsletter.errors import NoRoom, NotFound, Refused
from newsletter.models.delivery import SendingPermission

TABLE = SendingPermission.__tablename__
RESERVE = 500 * 1024 * 1024  # bytes that a backup leaves free
LOOK_SECONDS = 0.5  # between two looks whether pg_dump may go on
PATIENCE = {"connect_timeout": "10", "keepalives_idle": "30", "tcp_user_timeout": "60000"}
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
BESIDE = ("", "-wal", "-shm")  # the files of an SQLite database


def back_up(db: Database, file: Path, may_go_on: Callable[[], bool] = lambda: True) -> None:
    """Write a consistent copy, which may not send. On PostgreSQL pg_dump writes it, in its custom
    format, as long as it ``may_go_on``. Raises Refused; what was written until then is removed."""
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    try:
        if db.is_sqlite:
            _copy(db.url, part)
            _check(part)  # one that is damaged must not take the place of those before
        else:
            _dump(db.url, part, may_go_on)
        part.chmod(0o600)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def put_back(db: Database, file: Path, now: datetime) -> Path | None:
    """Put the backup ``file`` in the place of what is there, bring it up to date, and let nothing
    be sent from it. On SQLite what was there is kept: under which name. Raises Refused."""
    if not file.is_file():
        raise NotFound(f"There is no file {file}.")
    kept = _put_back_file(db, file, now) if db.is_sqlite else None
    if not db.is_sqlite:
        _restore(db.url, file)
    migrations.upgrade(db)
    with db.write() as session:
        take_away(session)
    return kept


def refuse_without_room(db: Database, folder: Path) -> None:
    """Raises NoRoom where a copy would fill the disk. How large one of a server's gets, nobody
    knows before."""
    size = Path(str(db.url.database)).stat().st_size if db.is_sqlite else 0
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize - size < RESERVE:
        raise NoRoom(f"There is no room for a backup in {folder}: make room there.")


def _copy(url: URL, file: Path) -> None:
    read_only = f"file:{quote(str(url.database))}?mode=ro"
    file.touch(mode=0o600)
    with (
        closing(sqlite3.connect(read_only, uri=True)) as source,
        closing(sqlite3.connect(file)) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, without others beside it
        with suppress(sqlite3.OperationalError), target:  # of a version that has no such table
            target.execute(f"DELETE FROM {TABLE}")  # noqa: S608 - a name of ours


def _check(file: Path) -> None:
    """Raises DatabaseError for a file of which a page is lost."""
    with closing(sqlite3.connect(file)) as database:
        [answer] = database.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        error = sqlite3.DatabaseError(f"malformed: {answer}")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _put_back_file(db: Database, file: Path, now: datetime) -> Path | None:
    target = Path(str(db.url.database))
    fresh = target.with_name(f"{target.name}.restored")
    fresh.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh.unlink(missing_ok=True)
    try:
        _copy(URL.create("sqlite", database=str(file.absolute())), fresh)
        _check(fresh)
        _refuse_what_is_none(fresh, file)
        db.close()
        kept = _set_aside(target, now) if target.exists() else None
        fresh.replace(target)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in DAMAGED:
            raise
        raise Refused(f"{file} is damaged itself, or is no database: take an older one.") from error
    finally:
        fresh.unlink(missing_ok=True)
    return kept


def _refuse_what_is_none(copy: Path, file: Path) -> None:
    """Raises Refused for a file that is that holds no newsletter which this program knows."""
    restored = Database(f"sqlite:///{copy}")
    try:
        standing = migrations.standing(restored)
    finally:
        restored.close()
    if standing is migrations.Standing.ABSENT:
        raise Refused(f"{file} holds no newsletter.")
    if standing is migrations.Standing.AHEAD:
        raise Refused(f"{file} is of a newer version than this program: install that version.")


def _set_aside(target: Path, now: datetime) -> Path:
    """Rename a database with what belongs to it."""
    kept = target.with_name(f"{target.name}.before-{now:%Y%m%dT%H%M%S}")
    for ending in BESIDE:
        with suppress(FileNotFoundError):
            Path(f"{target}{ending}").rename(f"{kept}{ending}")
    return kept


def _dump(url: URL, file: Path, may_go_on: Callable[[], bool]) -> None:
    file.touch(mode=0o600)
    options = ["--format=custom", f"--file={file}", f"--exclude-table-data={TABLE}"]
    _run("pg_dump", [*options, _address(url)], url, "nothing was kept", may_go_on)


def _restore(url: URL, file: Path) -> None:
    """All that was there is dropped, as a newer version may have made what the dump does not know;
    in one transaction with what takes its place."""
    outcome = "the database is as it was"
    with TemporaryDirectory(prefix="restore-") as folder:
        script = Path(folder) / "script.sql"
        _run("pg_restore", ["--no-owner", f"--file={script}", str(file)], url, outcome)
        drop = "--command=DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        options = ["--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        options += [f"--dbname={_address(url)}", "--output=/dev/null", drop, f"--file={script}"]
        _run("psql", options, url, outcome)


def _address(url: URL) -> str:
    """A server that has gone is noticed, as by our own connections (newsletter.db.postgres)."""
    limits = {name: value for name, value in PATIENCE.items() if name not in url.query}
    public = url.set(drivername="postgresql", password=None).update_query_dict(limits)
    return public.render_as_string()


def _run(
    program: str,
    arguments: list[str],
    url: URL,
    outcome: str,
    may_go_on: Callable[[], bool] = lambda: True,
) -> None:
    # The password goes by the environment: arguments are seen by every user of the machine.
    secret: Mapping[str, str] = {"PGPASSWORD": str(url.password)} if url.password else {}
    try:
        process = subprocess.Popen(
            [program, *arguments],
            env={**os.environ, **secret},
            stderr=subprocess.PIPE,
            text=True,
        )
    except FileNotFoundError as error:
        raise Refused(f"There is no {program}: install PostgreSQL's client programs.") from error
    while True:
        try:
            _, errors = process.communicate(timeout=LOOK_SECONDS)
            break
        except subprocess.TimeoutExpired:
            if not may_go_on():
                process.kill()
    if process.returncode:
        lines = errors.strip().splitlines() or ["it was ended"]
        raise Refused(f"{program} failed, and {outcome}: {lines[0]}")
