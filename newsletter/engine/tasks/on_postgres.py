"""Tasks on PostgreSQL: procrastinate, whose jobs are promised in the transaction of their task.

A job ends, and is deleted, once its task is finished or gone. What a worker had that died goes
back: at once if it was one of this home, else when its heartbeat has been silent too long.
"""

import asyncio
import contextlib
import logging
import threading
from datetime import timedelta
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from sqlalchemy import select, text

from newsletter import clock
from newsletter.models.task import Task, TaskState
from newsletter.outages import is_transient, outage, summary
from newsletter.tasks import rescue
from newsletter.tasks.queueing import BRING_AGAIN, JOB, hand_over
from newsletter.tasks.running import Worker, run

log = logging.getLogger(__name__)

THREADS = 2
FETCH_SECONDS = 5.0  # for what is due later; what is new is notified
HEARTBEAT_SECONDS = 8.0
SILENT_SECONDS = 20.0  # after which a worker is taken for dead
RESCUE_SECONDS = 10.0  # with the line before it: half a minute
RECONNECT_SECONDS = 2.0

HOLDER = text("SELECT worker_id FROM procrastinate_jobs WHERE id = :job_id FOR UPDATE")
ORPHANS = text(
    "SELECT id FROM task WHERE state = 'queued' AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs"
    " AS job WHERE job.id = task.job_id AND job.status IN ('todo', 'doing'))"
)


class TryAgain(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds:.0f} s")
        self.seconds = seconds


class WhenTold(BaseRetryStrategy):
    """The task says when; the engine does not count."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        seconds = exception.seconds if isinstance(exception, TryAgain) else RECONNECT_SECONDS
        return RetryDecision(retry_at=clock.now() + timedelta(seconds=seconds))


class PostgresEngine:
    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._db = worker.installation.db

    def run(self, stop: threading.Event, until_idle: bool) -> None:
        while not stop.is_set():
            try:
                asyncio.run(self._work(stop, until_idle))
            except Exception as error:
                if not is_transient(error) and not isinstance(error, ConnectorException):
                    log.exception("the engine of tasks failed", extra={"event": "tasks_failed"})
                else:
                    outage.note(summary(error))
                stop.wait(RECONNECT_SECONDS)
            else:
                return

    async def _work(self, stop: threading.Event, until_idle: bool) -> None:
        app = self._app()
        async with app.open_async():
            await self._rescue(app)
            working = asyncio.create_task(
                app.run_worker_async(
                    concurrency=THREADS,
                    wait=not until_idle,
                    fetch_job_polling_interval=FETCH_SECONDS,
                    delete_jobs=DeleteJobCondition.ALWAYS,
                    install_signal_handlers=False,
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                    stalled_worker_timeout=SILENT_SECONDS,
                    listen_notify=not until_idle,
                )
            )
            watching = None if until_idle else asyncio.create_task(self._watch(app, stop))
            both = {working} if watching is None else {working, watching}
            try:
                done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                for ended in done:
                    ended.result()
            finally:
                for one in both:
                    await _ended(one)

    async def _watch(self, app: App, stop: threading.Event) -> None:
        """Until we are to end: look for what dead workers had."""
        loop = asyncio.get_running_loop()
        while not await loop.run_in_executor(None, stop.wait, RESCUE_SECONDS):
            await self._rescue(app)

    async def _rescue(self, app: App) -> None:
        stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_SECONDS)
        await asyncio.to_thread(self._put_back, [job for job in stalled if job.task_name == JOB])

    def _put_back(self, stalled: list[Job]) -> None:
        worker = self._worker
        now, home = clock.now(), worker.installation.settings.home
        with self._db.write() as session:
            rescue.of_this_home(session, home, worker.definitions, now)
            for task_id in list(session.scalars(ORPHANS)):
                hand_over(session, session.get_one(Task, task_id, with_for_update=True))
        for job in stalled:
            with self._db.write() as session:
                running = select(Task).where(
                    Task.id == job.task_kwargs["task"], Task.state == TaskState.RUNNING
                )
                task = session.scalar(running.with_for_update())
                if session.scalar(HOLDER, {"job_id": job.id}) != job.worker_id:
                    continue  # another worker has put it back
                if task is not None:
                    rescue.rescue(session, task, worker.definitions, now)
                else:
                    session.execute(BRING_AGAIN, {"job_id": job.id, "at": now})

    def _app(self) -> App:
        address = self._db.url.set(drivername="postgresql")
        conninfo = address.render_as_string(hide_password=False)
        connector = PsycopgConnector(
            conninfo=conninfo, min_size=1, max_size=4, configure=_one_statement_each
        )
        app = App(connector=connector)

        @app.task(name=JOB, retry=WhenTold())
        def run_task(task: int) -> None:
            seconds = run(self._worker, task)
            if seconds is not None:
                raise TryAgain(seconds)

        return app


async def _one_statement_each(connection: Any) -> None:
    """What the engine asks is one statement at a time, which needs no BEGIN and COMMIT."""
    await connection.set_autocommit(True)


async def _ended(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def open_engine(worker: Worker) -> PostgresEngine:
    return PostgresEngine(worker)
