"""Curators: who may sign in to the admin."""

import secrets

import click

from newsletter import clock
from newsletter.cli.context import open_or_create_installation
from newsletter.curators import accounts
from newsletter.models.curator import Role


@click.group("curator")
def curator_group() -> None:
    """Who may sign in to the admin."""


@curator_group.command("add")
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice([r.value for r in Role]),
    help="Without it: owner for the first, then curator.",
)
@click.option("--password", help="Without it, one is made and printed.")
def add(email: str, role: str | None, password: str | None) -> None:
    """Let EMAIL sign in."""
    installation = open_or_create_installation()
    chosen = password or secrets.token_urlsafe(12)
    with installation.db.write() as session:
        usual = Role.CURATOR if accounts.everyone(session) else Role.OWNER
        given = Role(role) if role else usual
        accounts.add_curator(session, email, given, chosen, clock.now())
    click.echo(f"{email} ({given.value}) can sign in at {installation.settings.base_url}/admin/")
    if password is None:
        click.echo(f"Password: {chosen}")


COMMANDS = (curator_group,)
