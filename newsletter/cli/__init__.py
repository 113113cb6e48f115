"""The command line. Exit 0: done. 1: refused, with one line saying why. 2: wrong usage."""

import logging
import sys

import click

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
from newsletter.errors import NewsletterError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dataset-daily")
def newsletter() -> None:
    """A newsletter that opens the data."""


for module in (demo, processes, database, curators, datasets, issues, subscribers, doctor):
    for command in module.COMMANDS:
        newsletter.add_command(command)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for chatty in ("apscheduler", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        newsletter()
    except NewsletterError as error:
        click.echo(f"newsletter: {error}", err=True)
        sys.exit(1)
