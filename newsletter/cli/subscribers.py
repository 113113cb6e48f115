"""Subscribers: import, export, show, erase."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import click

from newsletter import clock
from newsletter.audience.privacy import erase
from newsletter.cli.context import (
    as_json,
    open_installation,
    open_or_create_installation,
    print_json,
    print_record,
)
from newsletter.cli.tasks import in_background, run_or_promise
from newsletter.email_address import parse_address
from newsletter.installation import Installation
from newsletter.models.subscriber import Subscriber
from newsletter.services import subscriber_help
from newsletter.services.subscriber_transfer import (
    EXPORT_SUBSCRIBERS,
    IMPORT_SUBSCRIBERS,
    check_readable,
)
from newsletter.tasks import files

LISTED = 20
OPERATOR = "the operator"  # who enters a command, on the record
SCREEN = "-"


@click.group("subscriber")
def subscriber_group() -> None:
    """Who reads."""


@subscriber_group.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--confirmed", is_flag=True, help="They have agreed elsewhere: do not ask again.")
@in_background
def import_(file: BinaryIO, confirmed: bool, background: bool) -> None:
    """Add the people of a CSV file with a column named email.

    Who is known stays as they are, so it may be repeated.
    """
    installation = open_or_create_installation()
    task = run_or_promise(
        installation,
        IMPORT_SUBSCRIBERS,
        background,
        file=_kept(installation, file),
        confirmed=confirmed,
    )
    if task is None or task.result is None:
        return
    click.echo(
        "{added} added, {known} known already, {suppressed} never to be mailed, "
        "{refused_rows} refused.".format(**task.result)
    )
    for line, reason in task.result["refused"][:LISTED]:
        click.echo(f"Line {line}: {reason}")


def _kept(installation: Installation, file: BinaryIO) -> str:
    """The key of a copy of the file, which the task reads. Raises Invalid."""
    with TemporaryDirectory(prefix="import-") as folder:
        copy = Path(folder, "file.csv")
        with copy.open("wb") as target:
            shutil.copyfileobj(file, target)
        key = files.keep(installation.storage, copy)
    try:
        check_readable(installation.storage, key)
    except BaseException:
        installation.storage.remove(key)
        raise
    return key


@subscriber_group.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@in_background
def export(file: str, background: bool) -> None:
    """Write all subscribers to a CSV file ("-": the screen), which you alone may read.

    In the background the worker writes it, on the machine where it runs.
    """
    if background and file == SCREEN:
        raise click.UsageError("A worker has no screen: name a file.")
    installation = open_installation()
    with TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder, "subscribers.csv") if file == SCREEN else Path(file).absolute()
        task = run_or_promise(installation, EXPORT_SUBSCRIBERS, background, path=str(path))
        if file == SCREEN:
            with path.open("rb") as written:
                for line in written:
                    click.echo(line, nl=False)
    if task is not None and task.result is not None:
        click.echo(f"{task.result['subscribers']} subscribers written.", err=True)


@subscriber_group.command("show")
@click.argument("email")
@as_json
def show_(email: str, as_json: bool) -> None:
    """A person's address, preferences and consents."""
    with open_installation().db.read() as session:
        subscriber = subscriber_help.by_address(session, email)
        record = _record(subscriber)
    if as_json:
        print_json(record)
        return
    consents = record.pop("consents")
    print_record(record)
    for consent in consents:
        click.echo(f"consent, {consent['at']}, {consent['form']}: {consent['wording']}")


@subscriber_group.command("resend")
@click.argument("email")
def resend(email: str) -> None:
    """Send EMAIL the mail that asks to confirm once more, however often it was sent."""
    with open_installation().db.write() as session:
        subscriber_help.send_again(session, subscriber_help.by_address(session, email), clock.now())
    click.echo("It is on its way.")


@subscriber_group.command("confirm")
@click.argument("email")
@click.confirmation_option(prompt="Has this person told you that they want it?")
def confirm(email: str) -> None:
    """Subscribe EMAIL without the link: for a person who asks for it and gets no mail."""
    with open_installation().db.write() as session:
        subscriber = subscriber_help.by_address(session, email)
        subscriber_help.confirm(session, subscriber, OPERATOR, clock.now())
    click.echo("Subscribed.")


@subscriber_group.command("lift")
@click.argument("email")
@click.confirmation_option(prompt="Has this person told you that they want it?")
def lift(email: str) -> None:
    """Let EMAIL be mailed again, which bounced, complained or was erased, once its owner has
    confirmed anew."""
    installation = open_installation()
    with installation.db.write() as session:
        address = parse_address(email)
        subscriber_help.lift(session, installation.signer, address, OPERATOR, clock.now())
    click.echo("Lifted: who has the address may subscribe again.")


@subscriber_group.command("erase")
@click.argument("email")
@click.confirmation_option(prompt="This cannot be undone. Erase?")
def erase_(email: str) -> None:
    """Delete all that is kept of a person, and never mail them again."""
    with open_installation().db.write() as session:
        subscriber = subscriber_help.by_address(session, email)
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
