"""A task's log lines, as they are kept in its row."""

from datetime import datetime
from typing import Any

from newsletter.models.task import Task

LINES = 100  # of the latest that are kept
LENGTH = 500  # characters of one


def with_line(lines: list[Any], text: str, at: datetime) -> list[Any]:
    line = {"at": at.isoformat(timespec="seconds"), "text": text[:LENGTH]}
    return [*lines, line][-LINES:]


def add_line(task: Task, text: str, at: datetime) -> None:
    task.lines = with_line(task.lines, text, at)
