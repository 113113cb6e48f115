"""One attempt at a task, as the work itself sees it.

Whatever it writes is fenced by the attempt's number: if the task was given to another worker
meanwhile, because this one was thought dead, nothing of it is kept. So an effect that is
written within ``commit`` is there exactly once, together with how far the task is.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.errors import NewsletterError
from newsletter.installation import Installation
from newsletter.models.task import Task, TaskState
from newsletter.tasks.definition import Result
from newsletter.tasks.lines import with_line

LOOK_SECONDS = 0.3  # between two looks at whether it was cancelled


class Stopped(NewsletterError):
    """The attempt ends here; the work lets it through."""


class Cancelled(Stopped):
    """A person cancelled the task."""


class Interrupted(Stopped):
    """The worker was asked to end: another goes on."""


class Superseded(Stopped):
    """Another attempt has begun, and nothing that this one writes counts."""


class TooLong(NewsletterError):
    """The attempt took longer than its time limit."""


class Attempt:
    """``done`` is where the last attempt got to, and ``result`` what it had come to: work in
    batches goes on from there."""

    def __init__(
        self,
        installation: Installation,
        task: Task,
        seconds: float,
        is_stopping: Callable[[], bool] = lambda: False,
        on_progress: Callable[[int, int | None, str], None] | None = None,
    ) -> None:
        self.installation = installation
        self.task_id = task.id
        self.number = task.attempt
        self.started_by = task.started_by
        self.done, self.total, self.note = task.done, task.total, task.note
        self.result: Result = task.result
        self._seconds = seconds
        self._ends = time.monotonic() + seconds
        self._is_stopping = is_stopping
        self._on_progress = on_progress
        self._looked_at = time.monotonic()

    def progress(
        self, done: int | None = None, total: int | None = None, note: str | None = None
    ) -> None:
        """Say how far it is; what is behind what was said before is not taken back.

        Costs nothing if it was called a moment ago. Raises Stopped.
        """
        self._remember(done, total, note)
        if self._is_due():
            with self.commit():
                pass

    @contextmanager
    def commit(
        self, done: int | None = None, total: int | None = None, note: str | None = None
    ) -> Iterator[Session]:
        """A transaction for a batch of the work, how far it is with it, and what ``result`` is
        at its end. Raises Stopped."""
        self._check()
        was = self.done, self.total, self.note
        result = self.result
        self._remember(done, total, note)
        try:
            with self.installation.db.write() as session:
                self._fence(session)
                yield session
                if self.result is not result:
                    kept = update(Task).where(Task.id == self.task_id).values(result=self.result)
                    session.execute(kept.execution_options(synchronize_session=False))
        except BaseException:
            self.done, self.total, self.note = was
            self.result = result
            raise
        self._looked_at = time.monotonic()

    def log(self, text: str) -> None:
        """Add a line to what people read of the task. Raises Superseded."""
        with self.installation.db.write() as session:
            lines = session.scalar(self._select(Task.lines).with_for_update())
            if lines is None:
                raise Superseded(f"Task {self.task_id} went on elsewhere.")
            new = with_line(lines, text, clock.now())
            session.execute(update(Task).where(Task.id == self.task_id).values(lines=new))

    def _check(self) -> None:
        if self._is_stopping():
            raise Interrupted(f"Task {self.task_id} is interrupted.")
        if time.monotonic() > self._ends:
            raise TooLong(f"It took longer than its limit of {self._seconds:,.0f} seconds.")

    def _is_due(self) -> bool:
        now = time.monotonic()
        return self._is_stopping() or now > self._ends or now - self._looked_at >= LOOK_SECONDS

    def _remember(self, done: int | None, total: int | None, note: str | None) -> None:
        self.done = max(self.done, done or 0)
        self.total = self.total if total is None else total
        self.note = self.note if note is None else note[:200]
        if self._on_progress is not None:
            self._on_progress(self.done, self.total, self.note)

    def _fence(self, session: Session) -> None:
        """Write how far it is, which holds the row until the transaction ends."""
        changed = session.execute(
            update(Task)
            .where(*self.is_mine)
            .values(done=self.done, total=self.total, note=self.note)
            .returning(Task.cancel_requested_at)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if changed is None:
            raise Superseded(f"Task {self.task_id} went on elsewhere.")
        cancelled_at: datetime | None = changed[0]
        if cancelled_at is not None:
            raise Cancelled(f"Task {self.task_id} was cancelled.")

    def _select(self, column: Any) -> Any:
        return select(column).where(*self.is_mine)

    @property
    def is_mine(self) -> tuple[Any, ...]:
        """The condition under which the attempt still counts."""
        return (
            Task.id == self.task_id,
            Task.attempt == self.number,
            Task.state == TaskState.RUNNING,
        )
