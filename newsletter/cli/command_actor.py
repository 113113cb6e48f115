"""Who is answerable for a command, for the audit log: the system's user, at this machine."""

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import click

from newsletter.audit.chain import Actor

# Addresses of readers, who may ask to be forgotten: what is changed says which row it was.
PRIVATE = frozenset({"email", "address"})
_is_recorded: ContextVar[bool] = ContextVar("is_recorded", default=True)


def actor() -> Actor | None:
    """None: no command runs, or what runs is its task."""
    context = click.get_current_context(silent=True)
    if context is None or not _is_recorded.get():
        return None
    arguments = [p.name for p in context.command.params if isinstance(p, click.Argument)]
    shown = [context.params.get(name or "") for name in arguments if name not in PRIVATE]
    return Actor(
        who=_user(),
        origin=f"command line of {socket.gethostname()}",
        action=context.command_path.partition(" ")[2],
        target=" ".join(_in_words(value) for value in shown if value not in (None, ())),
    )


@contextmanager
def unrecorded() -> Iterator[None]:
    """While the block runs a task, which is in the log once, as it was promised."""
    token = _is_recorded.set(False)
    try:
        yield
    finally:
        _is_recorded.reset(token)


def _in_words(value: object) -> str:
    """A file by its name."""
    return str(getattr(value, "name", value))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"user {os.getuid()}"
