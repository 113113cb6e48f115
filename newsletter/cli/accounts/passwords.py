"""Where a command takes a password from: never its own line, which other users of the machine
and the shell's history see.
"""

from collections.abc import Callable
from typing import Any, TextIO, TypeVar

import click
from click.core import ParameterSource

from newsletter.errors import Invalid

Command = TypeVar("Command", bound=Callable[..., Any])

VARIABLE = "NEWSLETTER_CURATOR_PASSWORD"


def _refuse_on_the_line(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    if context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE:
        raise click.UsageError(
            "Others can read a password on the command line: use --ask-password, "
            f"--password-file or {VARIABLE}."
        )
    return value


def takes_password(command: Command) -> Command:
    """The options of a command that sets one: ``password``, ``password_file``, ``ask_password``."""
    hidden = click.option(
        "--password", hidden=True, envvar=VARIABLE, callback=_refuse_on_the_line, is_eager=True
    )
    file = click.option(
        "--password-file", type=click.File("r", encoding="utf-8"), metavar="FILE",
        help=f"Its first line is the password; - is standard input. Or set {VARIABLE}.",
    )  # fmt: skip
    ask = click.option("--ask-password", is_flag=True, help="Ask for it, without showing it.")
    return hidden(file(ask(command)))


def chosen(password: str | None, file: TextIO | None, ask: bool) -> str | None:
    """What was given, the file before the environment; None: nothing was. Raises Invalid."""
    if ask:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    if file is not None:
        line = file.readline().rstrip("\r\n")
        if not line:
            raise Invalid("The file of the password is empty.")
        return line
    return password
