"""The command line. Exit 0: done. 1: refused, with one line saying why. 2: wrong usage."""

import logging
from collections.abc import Iterable
from importlib import import_module

import click

from newsletter import __version__
from newsletter.cli.context import Commands

WHERE = {  # each command, and the module of this package that has it
    "demo": "demo",
    "run": "processes",
    "web": "web",
    "clock": "processes",
    "worker": "worker",
    "db": "database",
    "curator": "curators",
    "sync": "datasets",
    "dataset": "datasets",
    "post": "posts",
    "issue": "issues",
    "subscriber": "subscribers",
    "doctor": "doctor",
}


class EachWithItsOwn(Commands):
    """Imports what a command needs once it is asked for: a process that sends does not carry
    the whole site about (https://click.palletsprojects.com/en/stable/complex/)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(WHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in WHERE:
            return None
        commands: Iterable[click.Command] = import_module(
            f"newsletter.cli.{WHERE[cmd_name]}"
        ).COMMANDS
        return next(command for command in commands if command.name == cmd_name)


@click.group(cls=EachWithItsOwn, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def newsletter() -> None:
    """A newsletter that opens the data."""


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    newsletter(prog_name="newsletter")
