"""The reader of each kind of file: a function ``read`` that makes a ``staging.Reading``."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from newsletter.tables.reading.file_kinds import BY_NAME

STACK = "stack"  # of an archive, all of whose files are wanted


def reader_of(kind: str) -> Callable[..., Any]:
    """The one of a kind of file or archive, which is loaded when its kind comes: start-up is
    most of the time that a small table takes. Raises MissingExtra."""
    name = STACK
    if kind in BY_NAME:
        name = BY_NAME[kind].reader
        if (extra := BY_NAME[kind].extra) is not None:
            extra.require()
    read: Callable[..., Any] = import_module(f"{__name__}.{name}").read
    return read
