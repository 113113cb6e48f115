"""Workers that run tasks and are killed, and a process that promises them and is killed too.

Effects are rows of a table of their own, in the database of the newsletter, so that each
can be counted.
"""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from typing import Any

import requests
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from newsletter import clock
from newsletter.engine.tasks import embedded, on_postgres, worker
from newsletter.engine.tasks.registry import DEFINITIONS
from newsletter.installation import Installation
from newsletter.settings import Settings
from newsletter.tasks import queueing
from newsletter.tasks.attempt import Attempt
from newsletter.tasks.definition import Definition, by_name
from tests.functional.lists import NEWSLETTER, REPOSITORY
from tests.functional.site import CURATOR, PASSWORD
from tests.functional.visitor import Visitor

STEPS = 5
IMPORT = "/admin/subscribers/import"
EFFECT = text("INSERT INTO effect (task_id, step) VALUES (:task, :step)")
TABLES = (
    "CREATE TABLE effect (task_id BIGINT NOT NULL, step INTEGER NOT NULL)",
    "CREATE TABLE promise (task_id BIGINT NOT NULL)",
)


def in_batches(attempt: Attempt, of: int) -> dict[str, Any]:
    for step in range(attempt.done, STEPS):
        time.sleep(0.002)
        with attempt.commit(step + 1, STEPS) as session:
            session.execute(EFFECT, {"task": attempt.task_id, "step": step})
    return {"steps": STEPS}


def at_once(attempt: Attempt, of: int) -> None:
    if attempt.done == 0:
        with attempt.commit(done=1, total=1) as session:
            session.execute(EFFECT, {"task": attempt.task_id, "step": 0})


def endless(attempt: Attempt, of: int) -> None:
    while True:
        attempt.progress(attempt.done + 1)
        time.sleep(0.01)


def poison(_attempt: Attempt, of: int) -> None:
    raise ValueError("poison")


ENDLESS = Definition("endless", "Until it is cancelled", endless, crashes=1_000)
POISON = Definition(
    "poison", "Poison", poison, crashes=1_000, retries=2, wait=timedelta(seconds=0.2)
)
KINDS = (
    Definition("batches", "In batches", in_batches, crashes=1_000),
    Definition("once", "At once", at_once, crashes=1_000, priority=1),
    Definition("locked", "One at a time", in_batches, crashes=1_000, lock="locked {of}"),
)


def promise(environ: dict[str, str], count: int) -> None:
    """Promise tasks until there are ``count``, each with a row that says so."""
    installation = Installation.open(Settings.load(environ))
    while True:
        with installation.db.write() as session:
            number = session.execute(text("SELECT count(*) FROM promise")).scalar_one()
            if number >= count:
                break
            kind = KINDS[number % len(KINDS)]
            task = queueing.defer(session, kind, "ada", clock.now(), of=number % 5)
            session.execute(text("INSERT INTO promise VALUES (:task)"), {"task": task.id})
    installation.db.close()


def work(environ: dict[str, str]) -> None:
    """Run tasks until killed, by an engine that waits for less."""
    embedded.LOOK_SECONDS = embedded.RESCUE_SECONDS = 0.1
    on_postgres.FETCH_SECONDS = 0.2
    on_postgres.HEARTBEAT_SECONDS, on_postgres.SILENT_SECONDS = 0.3, 1.5
    on_postgres.LOOK_SECONDS = on_postgres.WAITING_SECONDS = 0.3
    installation = Installation.open(Settings.load(environ))
    with worker.running_beside(
        installation, by_name((*KINDS, ENDLESS, POISON, *DEFINITIONS.values()))
    ):
        signal.pause()


class Processes:
    """Processes that end by SIGKILL, at a random time."""

    def __init__(self, context: ForkServerContext, environ: dict[str, str], seed: int) -> None:
        self._context = context
        self._environ = environ
        self._random = random.Random(seed)

    def kill_some(
        self,
        target: Callable[..., None],
        times: int,
        count: Callable[[], int],
        *arguments: Any,
        is_time: Callable[[], bool] = lambda: True,
    ) -> None:
        """Each is killed once it has done some more of what ``count`` counts, at a time that
        is looked for while it stands still."""
        for _ in range(times):
            enough = count() + self._random.randint(1, 8)
            with self.running(target, *arguments) as process:
                while process.is_alive() and count() < enough:
                    process.join(0.01)
                while process.is_alive() and not self._stands_at(process.pid, is_time):
                    process.join(0.001)

    def _stands_at(self, pid: int, is_time: Callable[[], bool]) -> bool:
        """Whether the process, which is halted if so, is where it is to be killed."""
        os.kill(pid, signal.SIGSTOP)
        if is_time():
            return True
        os.kill(pid, signal.SIGCONT)
        return False

    @contextmanager
    def running(self, target: Callable[..., None], *arguments: Any) -> Iterator[Any]:
        process = self._context.Process(
            target=target, args=(self._environ, *arguments), daemon=True
        )
        process.start()
        try:
            yield process
        finally:
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
            process.join()
            process.close()


class WebProcess:
    """`newsletter web`, whose processes are killed together, and a curator's browser."""

    def __init__(self, environ: dict[str, str], port: int) -> None:
        self._environ = environ | {"PATH": os.environ["PATH"]}
        self._address = f"http://127.0.0.1:{port}"
        self._visitor: Visitor | None = None

    @contextmanager
    def running(self) -> Iterator[Visitor]:
        """Serve, until all of it is killed."""
        process = subprocess.Popen(
            [*NEWSLETTER, "web"], cwd=REPOSITORY, env=self._environ, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield self._signed_in()
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _signed_in(self) -> Visitor:
        """The browser, once the site answers. A session outlives the process."""
        deadline = time.monotonic() + 60
        while True:
            try:
                if self._visitor is None:
                    visitor = Visitor(self._address).open("/admin/login")
                    self._visitor = visitor.submit("password", address=CURATOR, password=PASSWORD)
                return self._visitor.open(IMPORT)
            except requests.ConnectionError:
                assert time.monotonic() < deadline, "the site never answered"
                time.sleep(0.1)


class Reader:
    """Somebody who looks at all tasks again and again; ``backwards`` is what they saw go back."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._stop = threading.Event()
        self.backwards: list[tuple[int, int, int]] = []
        self.looks = 0
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        seen: dict[int, int] = {}
        while not self._stop.wait(0.05):
            with suppress(OperationalError), self._installation.db.read() as session:
                rows = session.execute(text("SELECT id, done FROM task")).all()
                self.looks += 1
                for task_id, done in rows:
                    if done < seen.get(task_id, 0):
                        self.backwards.append((task_id, seen[task_id], done))
                    seen[task_id] = done
