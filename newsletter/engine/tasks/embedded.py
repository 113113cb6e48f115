"""Tasks on SQLite: Huey, with its queue in a file of its own beside the database.

The row of a task is the outbox: it is handed to Huey once its transaction is through. Huey
forgets what it has handed to a thread, so what a killed worker had comes from the rows again;
what is brought twice is claimed once. Huey's file may be lost without losing a task.
"""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

from huey import SqliteHuey
from huey.consumer import Consumer
from huey.exceptions import RetryTask
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from newsletter import clock
from newsletter.models.task import Task, TaskState
from newsletter.outages import outage, summary
from newsletter.tasks import rescue
from newsletter.tasks.queueing import JOB
from newsletter.tasks.running import Worker, run

log = logging.getLogger(__name__)

FILE = "tasks.db"
THREADS = 2
LOOK_SECONDS = 0.5  # whether the database changed, and Huey for what it was handed
RESCUE_SECONDS = 5.0  # and whether a worker of this home died
AT_ONCE = 500  # tasks handed over in one transaction


class QuietConsumer(Consumer):  # type: ignore[misc]
    """Signals are the sender's, in whose process this one runs."""

    def _set_signal_handlers(self) -> None:
        pass


class EmbeddedEngine:
    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._db = worker.installation.db
        path = worker.installation.settings.home / FILE
        self._huey = SqliteHuey(worker.queue, filename=str(path), results=False, timeout=30)
        path.chmod(0o600)
        self._task = self._huey.task(name=JOB)(self._run)

    def run(self, stop: threading.Event, until_idle: bool) -> None:
        self._rescue()
        self._forget_handing_over()
        if until_idle:
            self._run_what_is_due()
            return
        consumer = QuietConsumer(
            self._huey, workers=THREADS, periodic=False, max_delay=LOOK_SECONDS
        )
        consumer.start()
        try:
            self._hand_over_until(stop)
        finally:
            consumer.stop(graceful=True)
            self._huey.storage.close()

    def _run(self, task_id: int) -> None:
        seconds = run(self._worker, task_id)
        if seconds is not None:
            raise RetryTask(delay=seconds)

    def _run_what_is_due(self) -> None:
        self._hand_over()
        self._huey_schedule()
        while (job := self._huey.dequeue()) is not None:
            self._huey.execute(job)
            self._hand_over()
            self._huey_schedule()
        self._huey.storage.close()

    def _huey_schedule(self) -> None:
        for job in self._huey.read_schedule():
            self._huey.enqueue(job)

    def _hand_over_until(self, stop: threading.Event) -> None:
        """Look whenever another connection has changed the database, which costs a microsecond."""
        with self._watched() as has_changed:
            rescued_at = float("-inf")
            since = 0.0
            while not stop.is_set():
                try:
                    if since - rescued_at >= RESCUE_SECONDS:
                        self._rescue()
                        rescued_at = since
                    if has_changed():
                        self._hand_over()
                except OperationalError as error:
                    outage.note(summary(error))
                else:
                    outage.end()
                stop.wait(LOOK_SECONDS)
                since += LOOK_SECONDS

    @contextmanager
    def _watched(self) -> Iterator[Any]:
        with closing(sqlite3.connect(str(self._db.url.database))) as connection:
            versions: list[int] = [-1]

            def has_changed() -> bool:
                version: int = connection.execute("PRAGMA data_version").fetchone()[0]
                changed: bool = version != versions[-1]
                versions[:] = [version]
                return changed

            yield has_changed

    def _hand_over(self) -> None:
        """Give Huey what was promised since. If we die in between, it is given again."""
        while rows := self._outbox():
            now = clock.now()
            for task_id, priority, not_before in rows:
                wait = max(not_before - now, timedelta(0)).total_seconds()
                options: dict[str, Any] = {"delay": wait} if wait else {}
                self._huey.enqueue(self._task.s(task_id, priority=priority, **options))
            ids = [row[0] for row in rows]
            with self._db.write() as session:
                session.execute(
                    update(Task)
                    .where(Task.id.in_(ids), Task.handed_over_at.is_(None))
                    .values(handed_over_at=now)
                )

    def _outbox(self) -> list[Any]:
        waiting = self._is_queued & Task.handed_over_at.is_(None)
        chosen = select(Task.id, Task.priority, Task.not_before).where(waiting)
        with self._db.read() as session:
            ordered = chosen.order_by(Task.priority.desc(), Task.id).limit(AT_ONCE)
            return list(session.execute(ordered))

    def _forget_handing_over(self) -> None:
        """A thread of a killed worker may have taken a job and not claimed its task."""
        jobs = [*self._huey.pending(), *self._huey.scheduled()]
        kept = {job.args[0] for job in jobs}
        with self._db.write() as session:
            queued = select(Task).where(self._is_queued, Task.handed_over_at.is_not(None))
            for task in session.scalars(queued):
                if task.id not in kept:
                    task.handed_over_at = None

    @property
    def _is_queued(self) -> Any:
        return (Task.state == TaskState.QUEUED) & (Task.queue == self._worker.queue)

    def _rescue(self) -> None:
        worker = self._worker
        home = worker.installation.settings.home
        with self._db.read() as session:
            if session.scalar(select(Task.id).where(Task.state == TaskState.RUNNING)) is None:
                return
        with self._db.write() as session:
            rescue.of_this_home(session, home, worker.definitions, clock.now())


def open_engine(worker: Worker) -> EmbeddedEngine:
    return EmbeddedEngine(worker)
