"""Curators: who may sign in to the admin."""

import secrets
from typing import TextIO

import click
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.cli.accounts.passwords import chosen, takes_password
from newsletter.cli.context import (
    as_json,
    open_installation,
    open_or_create_installation,
    show,
)
from newsletter.curators import accounts, identities, logins, second_factor
from newsletter.errors import NotFound
from newsletter.models.curator import Curator, Role

ROLES = click.Choice([role.value for role in Role])


@click.group("curator")
def curator_group() -> None:
    """Who may sign in to the admin, and what each may do."""


@curator_group.command("add")
@click.argument("email")
@click.option("--role", type=ROLES, help="Without it: owner for the first, then sender.")
@takes_password
def add(
    email: str,
    role: str | None,
    password: str | None,
    password_file: TextIO | None,
    ask_password: bool,
) -> None:
    """Let EMAIL sign in. Where no password is given, one is made and printed."""
    installation = open_or_create_installation()
    given = chosen(password, password_file, ask_password)
    made = given or secrets.token_urlsafe(12)
    with installation.db.write() as session:
        usual = Role.SENDER if accounts.everyone(session) else Role.OWNER
        as_role = Role(role) if role else usual
        accounts.add_curator(session, email, as_role, made, clock.now())
    click.echo(f"{email} ({as_role.value}) can sign in at {installation.settings.base_url}/admin/")
    if given is None:
        click.echo(f"Password: {made}")


@curator_group.command("list")
@as_json
def list_(as_json: bool) -> None:
    """Everybody, with their role and second factor, and where they are signed in."""
    with open_installation().db.read() as session:
        bound = identities.bound_curators(session)
        factors, now = second_factor.of_everybody(session), clock.now()
        records = [
            {
                "address": curator.address,
                "role": curator.role.value,
                "second_factor": factors.get(curator.id, "none"),
                "identity_provider": "yes" if curator.id in bound else "no",
                "sessions": len(logins.sessions_of(session, curator.id, now)),
                "since": curator.created_at.isoformat(timespec="seconds"),
            }
            for curator in accounts.everyone(session)
        ]
    show(as_json, records)


@curator_group.command("role")
@click.argument("email")
@click.argument("role", type=ROLES)
def role_(email: str, role: str) -> None:
    """Give EMAIL another role."""
    with open_installation().db.write() as session:
        accounts.change_role(session, _curator(session, email), Role(role))
    click.echo(f"{email} is {role} now.")


@curator_group.command("remove")
@click.argument("email")
def remove(email: str) -> None:
    """Take the access of EMAIL away at once. What they made stays."""
    with open_installation().db.write() as session:
        accounts.remove(session, _curator(session, email))
    click.echo(f"{email} is removed and signed out.")


@curator_group.command("password")
@click.argument("email")
@takes_password
def password_(
    email: str, password: str | None, password_file: TextIO | None, ask_password: bool
) -> None:
    """Set the password of EMAIL, and sign them out everywhere. It is asked for where no file and
    no variable has it."""
    installation = open_installation()
    given = chosen(password, password_file, ask_password) or chosen(None, None, ask=True)
    with installation.db.write() as session:
        curator = _curator(session, email)
        accounts.set_password(curator, str(given))
        logins.end_sessions(session, curator.id)
    click.echo(f"The password of {email} is set. They are signed out everywhere.")


@curator_group.command("sign-out")
@click.argument("email")
def sign_out(email: str) -> None:
    """Sign EMAIL out everywhere."""
    with open_installation().db.write() as session:
        logins.end_sessions(session, _curator(session, email).id)
    click.echo(f"{email} is signed out everywhere.")


@curator_group.command("second-factor-off")
@click.argument("email")
def second_factor_off(email: str) -> None:
    """Let EMAIL in by the password alone, who has lost the app, the codes or the passkeys."""
    with open_installation().db.write() as session:
        second_factor.drop_all(session, _curator(session, email).id)
    click.echo(f"{email} signs in by the password alone.")


@curator_group.command("provider-off")
@click.argument("email")
def provider_off(email: str) -> None:
    """Forget which account of the identity provider is EMAIL's, and sign them out everywhere: the
    next one that has the address there is theirs."""
    with open_installation().db.write() as session:
        curator = _curator(session, email)
        identities.unbind(session, curator.id)
        logins.end_sessions(session, curator.id)
    click.echo(f"{email} comes in by the account of the identity provider that has the address.")


@curator_group.command("require-second-factor")
@click.option("--off", is_flag=True, help="Leave it to each curator again.")
def require_second_factor(off: bool) -> None:
    """Demand a second factor of everybody: who has none can do nothing but set one up."""
    with open_installation().db.write() as session:
        second_factor.require(session, not off)
    click.echo("It is left to each curator." if off else "A second factor is required.")


def _curator(session: Session, email: str) -> Curator:
    """Raises NotFound."""
    curator = accounts.find(session, email)
    if curator is None:
        raise NotFound(f"{email} is no curator: see `newsletter curator list`.")
    return curator


COMMANDS = (curator_group,)
