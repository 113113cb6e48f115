"""Signing up and leaving while others load the site: what `make bench-web` measures beside rates.

The processes are those of an installation, `newsletter web` and `newsletter worker`, on the home
of the tests. In turns nothing else happens; 20,000 mails are sent to a sink while 50 clients sort
a table of 2.5 million rows; 1,000 clients are slow in every way.
"""

import http.client
import multiprocessing
import os
import random
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from urllib.parse import urlencode

import duckdb
import psutil
from sqlalchemy import insert, select, update

from newsletter import clock
from newsletter.audience import links
from newsletter.audience.suppression import address_hash
from newsletter.backups import permission
from newsletter.catalog import datasets
from newsletter.email_address import parse_address
from newsletter.installation import Installation
from newsletter.models.dataset import Table
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Cadence, Status, Subscriber
from tests.functional.lists import NEWSLETTER, REPOSITORY, begin_issue

ROWS = 2_500_000
READERS = 20_000
SORTERS = 50
SLOW = 1_000
LEAVERS = 2  # threads that sign up, and as many that leave
PAUSE_SECONDS = 0.05
TABLE = "/datasets/penguins/v/{number}/penguins/rows"
DAY = date(2027, 3, 3)  # of the issue that is sent
LEAST_SECONDS = 20.0  # of each part


def measured(
    port: int, environ: dict[str, str], opened: Installation, slow_seconds: float
) -> dict[str, float]:
    """What goes into the last line of the benchmark, in milliseconds."""
    number, columns, tokens = filled(opened)
    asked(port, f"{TABLE.format(number=number)}?_sort={columns[0]}")  # now it is in memory
    people, last = People(port, tokens), {}
    with people.busy():
        time.sleep(LEAST_SECONDS)
    last["alone"] = _told("alone", people)
    with opened.db.write() as session:
        permission.allow(session, clock.now())  # it is a copy of a home
    begin_issue(opened, DAY, clock.now())
    with sorting(port, number, columns) as statuses, _worker(environ), people.busy():
        began = time.monotonic()
        while time.monotonic() - began < LEAST_SECONDS or _pending(opened):
            time.sleep(0.2)
        print(f"{READERS:,} mails and more were sent within {time.monotonic() - began:.0f} s")
    print(f"who sorted was answered {dict(sorted(statuses.items()))}")
    last["loaded"] = _told("while mails are sent and tables sorted", people)
    with slow_clients(port), people.busy():
        time.sleep(slow_seconds)
    last["slow"] = _told(f"with {SLOW:,} slow clients", people)
    return {
        f"{who}_p99_ms": max(last[part][who] for part in ("loaded", "slow"))
        for who in ("signup", "unsubscribe")
    } | {f"{who}_p99_ms_{part}": last[part][who] for part in last for who in last[part]}


def _told(part: str, people: "People") -> dict[str, float]:
    for name, answers in (("sign-ups", people.sign_ups), ("leaves", people.leaves)):
        median = 1000 * statistics.median(answers.seconds)
        print(
            f"{part}: {len(answers.seconds)} {name}, {answers.wrong} wrong,"
            f" median {median:.1f} ms, p99 {answers.p99()} ms,"
            f" most {1000 * max(answers.seconds):.0f} ms",
            flush=True,
        )
    return {"signup": people.sign_ups.p99(), "unsubscribe": people.leaves.p99()}


def _pending(opened: Installation) -> bool:
    with opened.db.read() as session:
        issue = session.scalars(select(Issue).where(Issue.date == DAY)).one()
        return issue.state is IssueState.SENDING


@contextmanager
def _worker(environ: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        [*NEWSLETTER, "worker"], cwd=REPOSITORY, env=environ,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def mail_sink(port: int) -> Iterator[None]:
    """Postfix's smtp-sink, which takes every message and forgets it."""
    program = shutil.which("smtp-sink", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        sys.exit("smtp-sink is needed: install Debian's package postfix.")
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    process = subprocess.Popen([program, *user, f"127.0.0.1:{port}", "512"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def running(threads: list[threading.Thread], over: threading.Event) -> Iterator[None]:
    """The threads, which end once it is ``over``: as the block does."""
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@dataclass
class Answers:
    """How long each took, in seconds, and how many were not what they should be."""

    seconds: list[float] = field(default_factory=list)
    wrong: int = 0

    def p99(self) -> float:
        """In milliseconds."""
        return round(1000 * statistics.quantiles(self.seconds, n=100)[98], 1)


@dataclass
class People:
    """Who signs up and who leaves, at a steady rate, for as long as a block runs."""

    port: int
    tokens: list[str]
    sign_ups: Answers = field(default_factory=Answers)
    leaves: Answers = field(default_factory=Answers)

    @contextmanager
    def busy(self) -> Iterator[None]:
        self.sign_ups, self.leaves = Answers(), Answers()
        over = threading.Event()
        threads = [
            threading.Thread(target=act, args=(over, seed))
            for seed in range(LEAVERS)
            for act in (self._sign_up, self._leave)
        ]
        with running(threads, over):
            yield

    def _sign_up(self, over: threading.Event, seed: int) -> None:
        chance = random.Random(seed)
        while not over.wait(PAUSE_SECONDS):
            # Nobody is limited: each comes from a network of their own.
            visitor = ".".join(str(chance.randrange(1, 224)) for _ in range(4))
            address = f"new{chance.randrange(10**12)}@example.org"
            self._timed(self.sign_ups, "/subscribe", {"email": address}, visitor)

    def _leave(self, over: threading.Event, seed: int) -> None:
        while not over.wait(PAUSE_SECONDS) and self.tokens:
            fields = {"List-Unsubscribe": "One-Click"}
            self._timed(self.leaves, f"/unsubscribe/{self.tokens.pop()}", fields, "")

    def _timed(self, answers: Answers, path: str, fields: dict[str, str], visitor: str) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if visitor:
            headers["X-Forwarded-For"] = visitor
        began = time.perf_counter()
        try:
            status = asked(self.port, path, "POST", urlencode(fields), headers)
        except (OSError, http.client.HTTPException):
            status = 0
        answers.seconds.append(time.perf_counter() - began)
        answers.wrong += status not in {200, 302, 303, 429}


def asked(
    port: int, path: str, method: str = "GET", body: str | None = None,
    headers: dict[str, str] | None = None,
) -> int:  # fmt: skip
    """The status of an answer that was read whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


@contextmanager
def sorting(port: int, number: str, columns: list[str]) -> Iterator[dict[int, int]]:
    """Sorters of the large table, in a process that does not slow the clock of those who are
    measured; yields how often they were answered what, once they have ended."""
    spawning = multiprocessing.get_context("spawn")
    over, counts = spawning.Event(), spawning.Queue()
    sorters = spawning.Process(target=_sort, args=(port, number, columns, over, counts))
    sorters.start()
    statuses: dict[int, int] = {}
    try:
        yield statuses
    finally:
        over.set()
        statuses |= counts.get()
        sorters.join()


def _sort(
    port: int, number: str, columns: list[str], over: Event, counts: "Queue[dict[int, int]]"
) -> None:
    os.nice(10)  # visitors compute elsewhere
    statuses: Counter[int] = Counter()

    def sort(seed: int) -> None:
        chance = random.Random(seed)
        while not over.is_set():
            query = urlencode(
                {"_sort": chance.choice(columns), "_search": chance.choice(["", "7"])}
            )
            status = asked(port, f"{TABLE.format(number=number)}?{query}")
            statuses[status] += 1
            over.wait(0.2 if status == 503 else 0)

    threads = [threading.Thread(target=sort, args=(seed,)) for seed in range(SORTERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts.put(dict(statuses))


@contextmanager
def slow_clients(port: int) -> Iterator[None]:
    """A third never end a head, a third never end a form, a third never read."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4 * SLOW)), hard))
    over = threading.Event()
    host = b"Host: 127.0.0.1:%d\r\n" % port
    begins = (
        b"GET / HTTP/1.1\r\n" + host + b"X-Slow: ",
        b"POST /subscribe HTTP/1.1\r\n" + host + b"Content-Length: 9999\r\n\r\n",
        b"GET /datasets/penguins HTTP/1.1\r\n" + host + b"\r\n",
    )

    def drip(kind: int, connections: list[socket.socket]) -> None:
        while not over.wait(1):
            for place, connection in enumerate(connections):
                try:
                    connection.send(b"a" if kind < 2 else b"")
                except OSError:  # it was left: another comes
                    connection.close()
                    connections[place] = connected(kind)

    def connected(kind: int) -> socket.socket:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", port))
        connection.sendall(begins[kind])
        connection.setblocking(False)
        return connection

    kinds = [[connected(kind) for _ in range(SLOW // 3 + 1)] for kind in range(3)]
    threads = [threading.Thread(target=drip, args=given) for given in enumerate(kinds)]
    with running(threads, over):
        yield
    for connection in (connection for of_kind in kinds for connection in of_kind):
        connection.close()


class Memory:
    """The most that the processes of a group had together, in megabytes."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = psutil.Process(process.pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.most = 0.0

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.5):
            group = [self._process, *self._process.children(recursive=True)]
            self.most = max(self.most, sum(one.memory_info().rss for one in group) / 1e6)


def filled(opened: Installation) -> tuple[str, list[str], list[str]]:
    """Make a table of the home large. The version that has it, its columns, and tokens of who
    may leave."""
    with opened.db.write() as session:
        version = datasets.newest(session, "penguins")
        table = version.tables[0]
        path = opened.storage.path(table.files["parquet"]["key"])
        names = [column["name"] for column in table.columns]
        cells = ", ".join(f'hash(i * {at + 7}) % 1000003 AS "{n}"' for at, n in enumerate(names))
        path.chmod(0o600)
        duckdb.sql(f"COPY (SELECT {cells} FROM range({ROWS}) r(i)) TO '{path}'")
        columns = [column | {"type": "integer"} for column in table.columns]
        session.execute(
            update(Table).where(Table.id == table.id).values(columns=columns, rows=ROWS)
        )
        session.execute(insert(Subscriber), _readers(opened))
        session.flush()
        leavers = session.scalars(
            select(Subscriber).where(Subscriber.address_key.like("leaver%"))
        ).all()
        tokens = [links.token_of(opened.signer, links.UNSUBSCRIBE, one) for one in leavers]
        return version.number, names, tokens


def _readers(opened: Installation) -> list[dict[str, object]]:
    now = clock.now()
    addresses = [f"many{n}@example.org" for n in range(READERS)]
    addresses += [f"leaver{n}@example.org" for n in range(READERS // 2)]
    return [
        {
            "address": address, "address_key": address,
            "address_hash": address_hash(opened.signer, parse_address(address)),
            "status": Status.ACTIVE, "cadence": Cadence.MONDAY, "created_at": now,
            "confirmed_at": now, "confirmations": 1,
        }
        for address in addresses
    ]  # fmt: skip
