"""A process that lives: each writes its row again and again, and one that stopped is seen by it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Base
from newsletter.models.columns import one_of


class ProcessRole(StrEnum):
    WEB = "web"
    CLOCK = "clock"
    WORKER = "worker"


class Process(Base):
    __tablename__ = "process"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    role: Mapped[ProcessRole] = mapped_column(one_of(ProcessRole))
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    version: Mapped[str] = mapped_column(String(32))  # of the program
    # By the clock of the database server; on SQLite, which has none, by ours.
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    silent_at: Mapped[datetime]  # from when on it is taken for dead, unless it is seen again
    clock_ahead: Mapped[float | None]  # seconds, of the database server's; None: not measured
