"""How to read the file that a command is given."""

from collections.abc import Callable
from typing import Any

import click

READ_OPTIONS = (
    click.option("--encoding", help="Such as cp1250; without it, it is found out."),
    click.option("--delimiter", help="One character, or tab."),
    click.option("--decimal", type=click.Choice([".", ","]), help="The decimal mark."),
    click.option("--header", type=click.IntRange(0, 10), help="How many rows of it; 0 for none."),
)


def how_to_read(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that say how a file is written: see ``package.ReadPackage``."""
    for option in reversed(READ_OPTIONS):
        command = option(command)
    return command
