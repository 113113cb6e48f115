"""A file or an address that a command is given, and how to read it."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from newsletter.errors import NotFound
from newsletter.fetching.download import fetch
from newsletter.fetching.http_exchange import FetchLimits
from newsletter.installation import Installation

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


@contextmanager
def brought(installation: Installation, source: str) -> Iterator[Path]:
    """The file at a path, or one fetched from a URL for as long as the block runs.

    Raises NotFound or FetchRefused.
    """
    if not is_url(source):
        path = Path(source)
        if not path.is_file():
            raise NotFound(f"There is no file {source}.")
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="fetch-") as folder:
        allowed = installation.settings.fetch_hosts
        fetched = fetch(source, Path(folder), FetchLimits(), allowed)
        if fetched.path is None:  # "not modified", which is answered only to who asked so
            raise NotFound(f"There is nothing at {source}.")
        yield fetched.path


def is_url(source: str) -> bool:
    return source.startswith(("http://", "https://"))
