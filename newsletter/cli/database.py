"""The database: upgrade, check, back up, restore."""

from pathlib import Path

import click

from newsletter import clock, migrations
from newsletter.backups import permission
from newsletter.backups.copying import back_up, put_back
from newsletter.cli.context import installation_as_it_stands, open_installation
from newsletter.errors import Conflict, Refused
from newsletter.faults import sentence
from newsletter.heartbeats.roll_call import call_roll
from newsletter.installation import Installation

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("db")
def db_group() -> None:
    """Upgrade, check, back up or restore the database."""


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
@click.argument("file", type=FILE)
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
    back_up(db, file)
    click.echo(f"Written: {file} ({file.stat().st_size:,} bytes).")
    if problem:
        click.echo(f"It is as the database was. {problem}", err=True)


@db_group.command("restore")
@click.argument("file", type=FILE)
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path, yes: bool) -> None:
    """Put the backup FILE in the place of the database, with nothing running.

    On SQLite what was there is kept beside it. Nothing is sent until `newsletter sending allow`.
    """
    installation = installation_as_it_stands()
    _refuse_while_running(installation)
    place = installation.db.url.database
    if not yes:
        click.confirm(f"Put {file} in the place of {place}?", abort=True, err=True)
    kept = put_back(installation.db, file, clock.now())
    click.echo(f"Restored: {place}." + (f" What was there is {kept}." if kept else ""))
    click.echo(permission.HELD)


def _refuse_while_running(installation: Installation) -> None:
    """As far as the database can say, which may be what is broken. Raises Conflict."""
    try:
        with installation.db.read() as session:
            roll = call_roll(session)
    except Exception as error:
        if not installation.db.is_sqlite and sentence(error) is not None:
            raise
        return
    running = [str(standing.role) for standing in roll.standings if standing.is_running]
    if running:
        raise Conflict(f"There is a {' and a '.join(running)} running: stop all that runs first.")


COMMANDS = (db_group,)
