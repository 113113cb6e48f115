"""A task: long work that a person started, as they see it. An engine brings it to a worker."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Base
from newsletter.models.columns import BigInt, Key, one_of


class TaskState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (TaskState.QUEUED, TaskState.RUNNING)
IS_UNFINISHED = text("state IN ('queued', 'running')")
IS_RUNNING = text("state = 'running'")


class Task(Base):
    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_unfinished", "state", sqlite_where=IS_UNFINISHED,
              postgresql_where=IS_UNFINISHED),
        # What was asked for twice is done once; and of one lock one task runs at a time.
        Index("uq_task_key", "key", unique=True, sqlite_where=IS_UNFINISHED,
              postgresql_where=IS_UNFINISHED),
        Index("uq_task_lock", "lock", unique=True, sqlite_where=IS_RUNNING,
              postgresql_where=IS_RUNNING),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(100))  # of its definition
    title: Mapped[str] = mapped_column(String(200))
    arguments: Mapped[dict[str, Any]]
    started_by: Mapped[str] = mapped_column(String(320))
    queue: Mapped[str] = mapped_column(String(64))
    priority: Mapped[int] = mapped_column(default=0)
    lock: Mapped[str | None] = mapped_column(String(200))
    key: Mapped[str | None] = mapped_column(String(200))

    state: Mapped[TaskState] = mapped_column(one_of(TaskState), default=TaskState.QUEUED)
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    started_at: Mapped[datetime | None]  # of the latest attempt
    finished_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]

    done: Mapped[int] = mapped_column(BigInt, default=0)
    total: Mapped[int | None] = mapped_column(BigInt)
    note: Mapped[str] = mapped_column(String(200), default="")
    lines: Mapped[list[Any]] = mapped_column(default=list)  # its log: each with "at" and "text"
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str] = mapped_column(String(500), default="")

    attempt: Mapped[int] = mapped_column(default=0)  # writes of an earlier one are refused
    failures: Mapped[int] = mapped_column(default=0)  # attempts that raised
    crashes: Mapped[int] = mapped_column(default=0)  # attempts whose worker died
    worker: Mapped[str | None] = mapped_column(String(100))
    # Where the engine has it. SQLite: until it was handed over, this row is the outbox.
    handed_over_at: Mapped[datetime | None]
    job_id: Mapped[int | None] = mapped_column(BigInt)  # procrastinate's

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED
