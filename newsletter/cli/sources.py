"""A file or an address that a command is given, and how to read it."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import click

from newsletter.catalog.field_types import ColumnType
from newsletter.errors import NotFound
from newsletter.fetching.download import fetch
from newsletter.fetching.http_exchange import FetchLimits
from newsletter.installation import Installation

COLUMN_TYPES = get_args(ColumnType)


def _typed_column(text: str) -> tuple[str, str]:
    name, _, type_ = text.rpartition("=")
    if not name or type_ not in COLUMN_TYPES:
        raise click.BadParameter(f"{text!r} is not a column=type, such as id=string.")
    return name, type_


READ_OPTIONS = (
    click.option("--encoding", help="Such as cp1250; without it, it is found out."),
    click.option("--delimiter", help="One character, or tab."),
    click.option("--decimal", type=click.Choice([".", ","]), help="The decimal mark."),
    click.option("--header", type=click.IntRange(0, 10), help="How many rows of it; 0 for none."),
    click.option(
        "--date-order",
        type=click.Choice(["dmy", "mdy", "ymd"]),
        help="Of day, month and year where a column's digits leave it open.",
    ),
    click.option(
        "--missing",
        multiple=True,
        metavar="WORD",
        help="A cell that means no value, such as -999; may be given several times.",
    ),
    click.option(
        "--type",
        "types",
        multiple=True,
        metavar="COLUMN=TYPE",
        callback=lambda _context, _option, values: dict(map(_typed_column, values)),
        help=f"What a column holds, one of {', '.join(COLUMN_TYPES)}; several times.",
    ),
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
