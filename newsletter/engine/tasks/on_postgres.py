"""Tasks on PostgreSQL: procrastinate, whose jobs are promised in the transaction of their task.

A job ends, and is deleted, once its task is finished or gone. What a worker had that died goes
back: at once if it was one of this home, else when its heartbeat has been silent too long.

The engine notifies workers of a new job, and of no other. So each worker looks now and then,
with one statement, at what else there is to do, and while a job waits for its time or its lock
more often: its workers are then notified of it, too.
"""

import asyncio
import contextlib
import json
import logging
import threading
from datetime import timedelta
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import select, text

from newsletter import clock
from newsletter.db.postgres import WatchedAsyncConnection, patience
from newsletter.delivery.queue import worker_liveness
from newsletter.models.task import Task, TaskState
from newsletter.outages import is_transient, outage, summary
from newsletter.tasks import rescue
from newsletter.tasks.queueing import BRING_AGAIN, JOB, hand_over
from newsletter.tasks.running import Worker, run

log = logging.getLogger(__name__)

THREADS = 2
FETCH_SECONDS = 30.0  # the net below the notifications
HEARTBEAT_SECONDS = 10.0
SILENT_SECONDS = 25.0  # after which a worker is taken for dead
LOOK_SECONDS = 3.5  # with the line before it: less than half a minute
WAITING_SECONDS = 1.0  # between two looks while a job waits for its time or its lock
STOP_SECONDS = 0.5  # between two looks at whether we are to end
RECONNECT_SECONDS = 2.0

# Who runs tasks; whether jobs are stalled or lost; and of those that were promised before, when
# the next is due, and whether one is that nothing holds back.
STATE_OF_THINGS = """
WITH promised AS (
    SELECT lock, COALESCE(scheduled_at, '-infinity') AS due FROM procrastinate_jobs
    WHERE status = 'todo' AND queue_name = %(queue)s
)
SELECT
    ARRAY(SELECT DISTINCT worker FROM task WHERE state = 'running' AND worker IS NOT NULL)
        AS workers,
    EXISTS (
        SELECT 1 FROM procrastinate_jobs AS job
        LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
        WHERE job.status = 'doing' AND job.task_name = %(job)s AND (
            job.worker_id IS NULL
            OR worker.last_heartbeat < now() - %(silent)s * interval '1 second'
        )
    ) AS has_stalled,
    EXISTS (
        SELECT 1 FROM task WHERE state = 'queued' AND NOT EXISTS (
            SELECT 1 FROM procrastinate_jobs AS job
            WHERE job.id = task.job_id AND job.status IN ('todo', 'doing')
        )
    ) AS has_lost,
    EXISTS (
        SELECT 1 FROM promised WHERE due <= now() AND NOT EXISTS (
            SELECT 1 FROM procrastinate_jobs AS other
            WHERE other.status = 'doing' AND other.lock = promised.lock
        )
    ) AS has_due,
    EXISTS (
        SELECT 1 FROM promised WHERE due <= now() + %(soon)s * interval '1 second'
    ) AS has_waiting
"""
NOTIFY = "SELECT pg_notify(%(channel)s, %(payload)s)"  # as if a job was new
PAYLOAD = json.dumps({"type": "job_inserted", "job_id": 0})

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
        self._put_off = asyncio.Event()  # of the loop that runs now

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
                if until_idle:
                    return
                # Without our asking it ends where one of its own connections was cut.
                stop.wait(RECONNECT_SECONDS)

    async def _work(self, stop: threading.Event, until_idle: bool) -> None:
        self._put_off = asyncio.Event()
        app = self._app()
        async with app.open_async():
            await self._look(app)
            working = asyncio.create_task(
                app.run_worker_async(
                    queues=[self._worker.queue],
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
            beside = () if until_idle else (self._watch(app), _set(stop))
            parts = {working, *map(asyncio.create_task, beside)}
            try:
                done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
                for ended in done:
                    ended.result()
            finally:
                for one in parts:
                    await _ended(one)

    async def _watch(self, app: App) -> None:
        """Look again and again; at once when a job of ours was put off."""
        while True:
            seconds = await self._look(app)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._put_off.wait(), seconds)
                await asyncio.sleep(WAITING_SECONDS)  # until the engine has recorded it
            self._put_off.clear()

    async def _look(self, app: App) -> float:
        """Do what is to be done beside new jobs; the seconds until the next look."""
        queue = self._worker.queue
        state = await app.connector.execute_query_one_async(
            STATE_OF_THINGS, queue=queue, job=JOB, silent=SILENT_SECONDS, soon=LOOK_SECONDS
        )
        home, workers = self._worker.installation.settings.home, set(state["workers"])
        is_due = state["has_due"]
        if state["has_stalled"] or state["has_lost"] or worker_liveness.dead(home, workers):
            await self._rescue(app)
            is_due = True
        if is_due:
            channel = f"procrastinate_queue_v1#{queue}"
            await app.connector.execute_query_async(NOTIFY, channel=channel, payload=PAYLOAD)
        return WAITING_SECONDS if state["has_waiting"] else LOOK_SECONDS

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
        connector = PsycopgConnector(
            conninfo=address.render_as_string(hide_password=False),
            kwargs=patience(address),
            min_size=1,
            max_size=4,
            configure=self._configure,
            pool_factory=_pool,
        )
        app = App(connector=connector)

        @app.task(name=JOB, retry=WhenTold())
        async def run_task(task: int) -> None:
            seconds = await asyncio.to_thread(run, self._worker, task)
            if seconds is not None:
                self._put_off.set()
                raise TryAgain(seconds)

        return app

    async def _configure(self, connection: WatchedAsyncConnection) -> None:
        """What the engine asks is one statement at a time, which needs no BEGIN and COMMIT."""
        connection.probe = self._db.postgres.probe
        await connection.set_autocommit(True)


def _pool(**options: Any) -> AsyncConnectionPool:
    """Without the question before each statement whether the connection is there still: where one
    was cut, all of it begins anew."""
    return AsyncConnectionPool(
        **options | {"check": None, "connection_class": WatchedAsyncConnection}
    )


async def _set(stop: threading.Event) -> None:
    """Wait until ``stop`` is set."""
    loop = asyncio.get_running_loop()
    while not await loop.run_in_executor(None, stop.wait, STOP_SECONDS):
        pass


async def _ended(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def open_engine(worker: Worker) -> PostgresEngine:
    return PostgresEngine(worker)
