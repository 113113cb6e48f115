"""Subscribers: import, export, show, erase."""

import sys
from typing import Any, TextIO

import click

from newsletter import clock
from newsletter.audience import subscriptions
from newsletter.audience.privacy import erase
from newsletter.audience.transfer import import_csv, read_rows, write_rows
from newsletter.cli.context import (
    as_json,
    open_installation,
    open_or_create_installation,
    print_json,
    print_record,
)
from newsletter.email_address import parse_address
from newsletter.errors import NotFound
from newsletter.models.subscriber import Subscriber

LISTED = 20


@click.group("subscriber")
def subscriber_group() -> None:
    """Who reads."""


@subscriber_group.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@click.option("--confirmed", is_flag=True, help="They have agreed elsewhere: do not ask again.")
def import_(file: TextIO, confirmed: bool) -> None:
    """Add the people of a CSV file with a column named email."""
    installation = open_or_create_installation()
    people = list(read_rows(file))
    with (
        click.progressbar(
            people, label="Importing", file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as rows,
        installation.db.write() as session,
    ):
        done = import_csv(session, installation.signer, rows, confirmed, clock.now())
    click.echo(
        f"{done.added} added, {done.known} known already, "
        f"{done.suppressed} never to be mailed, {len(done.refused)} refused."
    )
    for line, reason in done.refused[:LISTED]:
        click.echo(f"Line {line}: {reason}")


@subscriber_group.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8"))
def export(file: TextIO) -> None:
    """Write all subscribers to a CSV file ("-": the screen)."""
    with open_installation().db.read() as session:
        count = write_rows(session, file)
    click.echo(f"{count} subscribers written.", err=True)


@subscriber_group.command("show")
@click.argument("email")
@as_json
def show_(email: str, as_json: bool) -> None:
    """A person's address, preferences and consents."""
    with open_installation().db.read() as session:
        subscriber = subscriptions.find(session, parse_address(email))
        if subscriber is None:
            raise NotFound(f"There is no subscriber {email}.")
        record = _record(subscriber)
    if as_json:
        print_json(record)
        return
    consents = record.pop("consents")
    print_record(record)
    for consent in consents:
        click.echo(f"consent, {consent['at']}, {consent['form']}: {consent['wording']}")


@subscriber_group.command("erase")
@click.argument("email")
@click.confirmation_option(prompt="This cannot be undone. Erase?")
def erase_(email: str) -> None:
    """Delete all that is kept of a person, and never mail them again."""
    with open_installation().db.write() as session:
        subscriber = subscriptions.find(session, parse_address(email))
        if subscriber is None:
            raise NotFound(f"There is no subscriber {email}.")
        erase(session, subscriber, clock.now())
    click.echo("Erased.")


def _record(subscriber: Subscriber) -> dict[str, Any]:
    return {
        "email": subscriber.address,
        "name": subscriber.name,
        "status": subscriber.status.value,
        "cadence": subscriber.cadence.value,
        "timezone": subscriber.timezone,
        "created_at": subscriber.created_at,
        "confirmed_at": subscriber.confirmed_at,
        "left_at": subscriber.left_at,
        "consents": [
            {"at": c.at, "form": c.form, "wording": c.wording} for c in subscriber.consents
        ],
    }


COMMANDS = (subscriber_group,)
