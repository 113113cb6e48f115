"""What the commands share: opening the installation, printing."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from newsletter import migrations
from newsletter.audit.recorder import Recorder
from newsletter.cli.command_actor import actor
from newsletter.errors import Refused
from newsletter.host.private_files import close_to_others
from newsletter.installation import Installation
from newsletter.settings import Settings

once = click.option("--once", is_flag=True, help="Do what is due, then end.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def speak_up() -> None:
    """A process says what it does; other commands print what they did."""
    logging.getLogger("newsletter").setLevel(logging.INFO)


def installation_as_it_stands() -> Installation:
    """The installation of the environment, closed when the command ends. It may not be there
    yet, or its database be of another revision. Raises BadSetting.
    """
    installation = Installation.open(Settings.load())
    close_to_others(installation.settings.home)
    click.get_current_context().call_on_close(installation.db.close)
    return installation


def open_installation() -> Installation:
    """The installation that is there: nothing is made or brought up. What the command changes
    is in the audit log.

    Raises BadSetting, or Refused if the database is not at this program's revision.
    """
    installation = _current(installation_as_it_stands())
    installation.db.witness = Recorder(lambda: installation.signer, actor)
    return installation


def open_or_create_installation() -> Installation:
    """The same for what may be the first command of all: a home without a database becomes a
    new one, which is said."""
    installation = installation_as_it_stands()
    if not installation.db.exists:
        migrations.upgrade(installation.db)
        click.echo(f"A new newsletter begins in {installation.settings.home}.", err=True)
    return open_installation()


def open_and_upgrade_installation() -> Installation:
    """The same for a process: an embedded database is brought up. One that several machines
    use is brought up once, by `newsletter db upgrade`, before any of them starts."""
    installation = installation_as_it_stands()
    if installation.db.is_sqlite:
        migrations.upgrade(installation.db)
    return _current(installation)


def _current(installation: Installation) -> Installation:
    """Raises Refused if its database is not at this program's revision."""
    if problem := migrations.problem(installation.db):
        raise Refused(problem)
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
