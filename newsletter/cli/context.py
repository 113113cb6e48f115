"""What the commands share: opening the installation, printing."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from newsletter import migrations
from newsletter.errors import Refused
from newsletter.installation import Installation
from newsletter.settings import Settings

once = click.option("--once", is_flag=True, help="Do what is due, then end.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def speak_up() -> None:
    """A process says what it does; other commands print what they did."""
    logging.getLogger("newsletter").setLevel(logging.INFO)


def found_installation() -> Installation:
    """The installation of the environment as it stands, closed when the command ends.

    Raises BadSetting.
    """
    installation = Installation.open(Settings.load())
    click.get_current_context().call_on_close(installation.db.close)
    return installation


def open_installation() -> Installation:
    """The same, its database brought up if it is embedded.

    Raises BadSetting, or Refused if the database is not at this program's revision.
    """
    installation = found_installation()
    if installation.db.is_sqlite:
        migrations.upgrade(installation.db)
    elif not migrations.is_current(installation.db):
        raise Refused("The database is not up to date: run `newsletter db upgrade`.")
    return installation


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Aligned columns under their headers; just the headers if there are no rows."""
    lines = [list(headers), *([_shown(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def print_record(record: Mapping[str, object]) -> None:
    """A name and its value on each line."""
    width = max(map(len, record))
    for name, value in record.items():
        click.echo(f"{name:<{width}}  {_shown(value)}".rstrip())


def show(as_json: bool, records: list[dict[str, Any]]) -> None:
    """Records as JSON, or as a table whose headers are their keys."""
    if as_json:
        print_json(records)
    elif records:
        print_table(list(records[0]), [list(record.values()) for record in records])
    else:
        click.echo("There is none yet.")


def _shown(cell: object) -> str:
    return "" if cell is None else str(cell)
