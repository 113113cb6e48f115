"""The command line. Exit 0: done. 1: refused, with one line saying why. 2: wrong usage."""

import logging

import click

from newsletter import __version__
from newsletter.cli import (
    curators,
    database,
    datasets,
    demo,
    doctor,
    issues,
    processes,
    subscribers,
)
from newsletter.cli.context import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def newsletter() -> None:
    """A newsletter that opens the data."""


for module in (demo, processes, database, curators, datasets, issues, subscribers, doctor):
    for command in module.COMMANDS:
        newsletter.add_command(command)


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    newsletter(prog_name="newsletter")
