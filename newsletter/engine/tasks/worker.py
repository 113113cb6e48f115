"""The part of a worker that runs tasks, whichever engine brings them.

It runs in threads beside the sender. A worker is known by a lock that it holds as long as it
lives (newsletter.delivery.queue.worker_liveness), so what a killed one ran goes on at once.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Protocol, cast

from newsletter.delivery.queue import worker_liveness
from newsletter.extras import PROCRASTINATE
from newsletter.installation import Installation
from newsletter.models.task import Task, TaskState
from newsletter.tasks import queueing
from newsletter.tasks.definition import QUEUE, Definitions
from newsletter.tasks.running import Worker, run

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5  # of a command, at a task that a worker runs
STOP_SECONDS = 10.0  # for what runs to be interrupted
CUT_SECONDS = 1.0  # once the database is not waited for any more


class Engine(Protocol):
    """What brings tasks to ``newsletter.tasks.running.run``, at least once."""

    def run(self, stop: threading.Event, until_idle: bool) -> None:
        """Run tasks until ``stop`` is set, or none is due (``until_idle``)."""


def engine_for(worker: Worker) -> Engine:
    """Huey on SQLite, procrastinate on PostgreSQL; the other one is not imported.

    Raises MissingExtra.
    """
    kind = "embedded" if worker.installation.db.is_sqlite else "on_postgres"
    with PROCRASTINATE.imports():
        module = import_module(f"newsletter.engine.tasks.{kind}")
    return cast(Callable[[Worker], Engine], module.open_engine)(worker)


def run_until_idle(
    installation: Installation, definitions: Definitions | None = None, queue: str = QUEUE
) -> None:
    """Run what is due now."""
    stop = threading.Event()
    with worker_liveness.registered(installation.settings.home) as name:
        worker = Worker(installation, definitions or _every(), name, stop.is_set, queue)
        engine_for(worker).run(stop, until_idle=True)


@contextmanager
def running_beside(
    installation: Installation, definitions: Definitions | None = None, queue: str = QUEUE
) -> Iterator[Callable[[], None]]:
    """Run tasks in threads of this process while the block runs, which is given what stops them
    sooner. At its end those under way are interrupted and go back to the queue."""
    stop = threading.Event()
    with worker_liveness.registered(installation.settings.home) as name:
        engine = engine_for(Worker(installation, definitions or _every(), name, stop.is_set, queue))
        # A daemon: a database that does not answer keeps no process from ending.
        thread = threading.Thread(target=engine.run, args=(stop, False), name="tasks", daemon=True)
        thread.start()
        try:
            yield stop.set
        finally:
            # Whoever stopped them before has waited meanwhile.
            patience = 1.0 if stop.is_set() else STOP_SECONDS
            stop.set()
            thread.join(patience)
            if thread.is_alive():
                installation.db.cut()
                thread.join(CUT_SECONDS)


def _every() -> Definitions:
    # Loaded when it is wanted: it knows most of the program, and a command runs one task.
    module = import_module("newsletter.engine.tasks.registry")
    return cast(Definitions, module.DEFINITIONS)


def _wait_for_another(
    installation: Installation,
    task_id: int,
    on_progress: Callable[[int, int | None, str], None] | None,
) -> None:
    """Wait while another attempt at the task than ours is under way."""
    while True:
        with installation.db.read() as session:
            task = queueing.get(session, task_id)
        if task.state is not TaskState.RUNNING:
            return
        if on_progress is not None:
            on_progress(task.done, task.total, task.note)
        time.sleep(LOOK_SECONDS)


def run_here(
    installation: Installation,
    task: Task,
    on_progress: Callable[[int, int | None, str], None] | None = None,
    definitions: Definitions | None = None,
) -> Task:
    """Run a new task in this thread, as a command does that waits for it; returns it as it ended.

    If this process is killed, a worker goes on with it; one that was quicker to take it is waited
    for. Where another task has its lock it is taken back, and returned without an attempt.
    """
    with worker_liveness.registered(installation.settings.home) as name:
        worker = Worker(installation, definitions or _every(), name, is_watched=True)
        again = run(worker, task.id, on_progress)
    _wait_for_another(installation, task.id, on_progress)
    with installation.db.write() as session:
        ended = queueing.get(session, task.id, for_update=True)
        is_locked_out = again is not None and ended.attempt == 0
        if is_locked_out:
            session.delete(ended)
            return ended
        if ended.state is TaskState.QUEUED:  # it failed once: workers try again
            queueing.hand_over(session, ended)
        return ended
