"""The command line. Exit 0: done. 1: refused, with one line saying why. 2: wrong usage.

Adding a command is a module that has it in ``COMMANDS``, and its place in ``WHERE``; one of
``newsletter dataset`` has its place in ``datasets/group.py``.
"""

import gc
import logging
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import click

from newsletter import __version__
from newsletter.host.log_format import LogFormat
from newsletter.host.private_files import keep_new_files_private

WHERE = {  # each command, and the module of this package that has it
    "demo": "demo",
    "run": "processes",
    "web": "web",
    "clock": "processes",
    "worker": "worker",
    "db": "database",
    "curator": "accounts.curators",
    "audit": "accounts.audit",
    "sync": "datasets.datasets",
    "dataset": "datasets.group",
    "post": "posts",
    "issue": "issues.issues",
    "subscriber": "subscribers",
    "sending": "sending",
    "task": "tasks",
    "doctor": "doctor",
}


class LazyGroup(click.Group):
    """Imports what a command needs once it is asked for: ``--version`` answers at once, and a
    process that sends does not carry the whole site about
    (https://click.palletsprojects.com/en/stable/complex/).
    """

    def __init__(
        self, *names: Any, where: Mapping[str, str], package: str = __name__, **options: Any
    ) -> None:
        """``where`` has each command's name, and the module of ``package`` with it."""
        super().__init__(*names, **options)
        self._where, self._package = where, package

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._where)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._where:
            return None
        module = import_module(f"{self._package}.{self._where[cmd_name]}")
        commands: Iterable[click.Command] = module.COMMANDS
        return next(command for command in commands if command.name == cmd_name)


class Commands(LazyGroup):
    """All of them. A command ends with one line and exit code 1 where it refuses, or meets what
    somebody can mend at the machine or its database.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            # Loaded once something went wrong: it knows the databases.
            sentence: str | None = import_module("newsletter.faults").sentence(error)
            if sentence is None:
                raise
            click.echo(f"newsletter: {sentence}", err=True)
            ctx.exit(1)


@click.group(cls=Commands, where=WHERE, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def newsletter() -> None:
    """A newsletter that opens the data."""


def main() -> None:
    # What is imported stays: to look for garbage among it takes a tenth of a start.
    gc.set_threshold(20_000, 20, 50)
    keep_new_files_private()
    to_stderr = logging.StreamHandler()
    to_stderr.setFormatter(LogFormat())
    logging.basicConfig(level=logging.WARNING, handlers=[to_stderr])
    newsletter(prog_name="newsletter")
