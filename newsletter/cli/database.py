"""The database: upgrade, check, backup."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import click
from sqlalchemy import URL

from newsletter import migrations
from newsletter.cli.context import installation_as_it_stands, open_installation
from newsletter.errors import Refused


@click.group("db")
def db_group() -> None:
    """Upgrade, check or back up the database."""


@db_group.command("upgrade")
def upgrade() -> None:
    """Bring the database up to this program's revision."""
    migrations.upgrade(installation_as_it_stands().db)
    click.echo("The database is up to date.")


@db_group.command("check")
def check() -> None:
    """Whether the database is at this program's revision and as its models say."""
    db = open_installation().db
    differences = migrations.differences(db)
    if differences:
        raise Refused(f"The database differs from the models: {'; '.join(differences)}.")
    click.echo("The database is up to date and as it should be.")


@db_group.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write a consistent copy of the database to FILE, while it is in use.

    On PostgreSQL this runs pg_dump, in its custom format. The database may be of another
    revision than this program.
    """
    if file.exists():
        raise Refused(f"{file} exists already: name a new file.")
    db = installation_as_it_stands().db
    problem = migrations.problem(db)
    if migrations.standing(db) is migrations.Standing.ABSENT:
        raise Refused(problem)
    if db.is_sqlite:
        _copy(db.url, file)
    else:
        _dump(db.url, file)
    click.echo(f"Written: {file} ({file.stat().st_size:,} bytes).")
    if problem:
        click.echo(f"It is as the database was. {problem}", err=True)


def _copy(url: URL, file: Path) -> None:
    read_only = f"file:{quote(str(url.database))}?mode=ro"
    with (
        closing(sqlite3.connect(read_only, uri=True)) as source,
        closing(sqlite3.connect(file)) as target,
    ):
        source.backup(target)


def _dump(url: URL, file: Path) -> None:
    # The password goes by the environment: arguments are seen by every user of the machine.
    address = url.set(drivername="postgresql", password=None).render_as_string()
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    try:
        subprocess.run(
            ["pg_dump", "--format=custom", f"--file={file}", address],
            check=True,
            env=environment,
        )
    except FileNotFoundError as error:
        raise Refused("There is no pg_dump: install PostgreSQL's client programs.") from error
    except subprocess.CalledProcessError as error:
        file.unlink(missing_ok=True)
        raise Refused("pg_dump failed, and nothing was kept: see its own lines above.") from error


COMMANDS = (db_group,)
