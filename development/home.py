"""The home of `make dev`: what the demo makes, kept from one day to the next."""

import shutil
from pathlib import Path

import click

from development import MARK, PASSWORD
from newsletter.cli import demo
from newsletter.errors import Refused
from newsletter.installation import Installation


def make(home: Path) -> None:
    """Make ``home``, which is not there yet: whole, or not at all.

    Raises Refused if there is something else in its place.
    """
    if home.exists():
        raise Refused(f"{home} was not made for development: name a folder that is not in use.")
    partial = home.with_name(f"{home.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    click.echo(f"A home for development is made in {home}; that takes a while, this once.")
    installation = Installation.open(demo.settings_for(partial))
    try:
        demo.furnish(installation, PASSWORD)
    finally:
        installation.db.close()
    (partial / MARK).touch()
    partial.rename(home)
