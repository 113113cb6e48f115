"""The demo: the main job, end to end, in a folder of its own."""

import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import MappingProxyType

import click

from newsletter import (
    clock,
    jobs,
    migrations,
)
from newsletter.audience.transfer import FIELDS, import_csv
from newsletter.catalog import datasets
from newsletter.catalog.sync import Done, sync
from newsletter.curators import accounts
from newsletter.delivery.queue.balance import balance_of
from newsletter.engine.process_group import running_in_threads
from newsletter.errors import BadSetting, Refused
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.issues.schedule import local_day, monday_of
from newsletter.models.curator import Role
from newsletter.posts import posts
from newsletter.posts.sync import sync as sync_posts
from newsletter.resources import shipped
from newsletter.settings import Settings
from newsletter.web.server import reserve, serve_here

WHERE_TO_LISTEN = ("PORT", "NEWSLETTER_BIND")
FEATURED = "penguins"
CURATOR = "curator@example.org"
READERS = ("ada", "benoit", "chiyo", "dmitri", "esther", "farah", "grace", "hana")


@click.command("demo")
@click.argument("folder", default="demo", type=click.Path(path_type=Path, file_okay=False))
@click.option("--serve/--no-serve", default=True, help="Serve the result until Ctrl-C.")
def demo(folder: Path, serve: bool) -> None:
    """Run the whole main job on embedded defaults, then serve what came of it."""
    began = time.monotonic()
    home = _new(folder.absolute())
    installation = Installation.open(settings_for(home, os.environ))
    try:
        server = reserve(installation) if serve else None
    except BadSetting:
        shutil.rmtree(home, ignore_errors=True)  # it holds a key at most
        raise
    password = secrets.token_urlsafe(9)
    day = furnish(installation, password)
    click.echo(f"Done in {time.monotonic() - began:.1f} s.\n")
    _say_where_to_look(installation, day, password)
    if server is not None:
        with running_in_threads(installation):
            click.echo("Ctrl-C ends it.")
            serve_here(server)


def furnish(installation: Installation, password: str) -> date:
    """Fill a new home by the main job, for an owner with ``password``; the day of its issue."""
    with _step("A new home, its database and its secret key"):
        migrations.upgrade(installation.db)
    _take_catalog(installation)
    with _step(f"A curator, and {len(READERS)} subscribers who have confirmed"):
        _take_people(installation, password)
    day = monday_of(local_day(clock.now(), installation.settings.timezone))
    with _step(f"The clock's job: the issue of {day} is rendered and frozen"):
        _publish(installation, day)
    with _step("The worker's job: claim, hand over, settle"):
        jobs.deliver(installation)
    with _step("A curator's hand: the posts with code on the data are published"):
        _publish_posts(installation)
    _check(installation, day)
    return day


def settings_for(home: Path, environ: Mapping[str, str] = MappingProxyType({})) -> Settings:
    """Embedded defaults, whatever the environment says beside where to listen: its mail server
    is not for a demo."""
    return Settings.load(
        {
            **{name: environ[name] for name in WHERE_TO_LISTEN if name in environ},
            "NEWSLETTER_HOME": str(home),
            "NEWSLETTER_POSTAL_ADDRESS": "1 Example Street, 00100 Nairobi",
            "NEWSLETTER_MAIL_FROM": "Dataset Daily <hello@dataset-daily.example>",
            # This week's issue is due on whatever weekday the demo is run.
            "NEWSLETTER_SEND_AT": "mon 00:00",
            "NEWSLETTER_SEND_DEADLINE": "7d",
        }
    )


@contextmanager
def _step(text: str) -> Iterator[None]:
    """Say what is being done, and after it how long it took."""
    began = time.monotonic()
    if sys.stdout.isatty():
        click.echo(f"  … {text}", nl=False)
    yield
    click.echo(f"{_over()}  ✓ {text}  {time.monotonic() - began:.1f} s")


def _over() -> str:
    """What takes a terminal back to the beginning of its line."""
    return "\r" if sys.stdout.isatty() else ""


def _new(folder: Path) -> Path:
    """``folder``, or the first of ``folder-2``, ``folder-3``, ... that is not in use."""
    home, number = folder, 1
    while home.exists() and any(home.iterdir()):
        number += 1
        home = folder.with_name(f"{folder.name}-{number}")
    return home


def _take_catalog(installation: Installation) -> None:
    began = time.monotonic()
    click.echo("  … The starter catalog: read, profiled, charted")
    for step in sync(installation.db, installation.storage, shipped("datasets"), clock.now()):
        mark = "✓" if step.done is Done.ADDED else "-"
        click.echo(f"    {mark} {step.slug}{': ' + step.note if step.note else ''}")
    _take_posts(installation)
    click.echo(f"  ✓ The starter catalog is in  {time.monotonic() - began:.1f} s")


def _take_posts(installation: Installation) -> None:
    folder, now = shipped("datasets"), clock.now()
    for step in sync_posts(installation.db, installation.storage, folder, now):
        mark = "✓" if step.done is Done.ADDED else "-"
        click.echo(f"    {mark} {step.slug}{': ' + step.note if step.note else ''}")


def _publish_posts(installation: Installation) -> None:
    with installation.db.write() as session:
        for post in posts.everything(session):
            if not posts.problems_of(post):
                posts.publish(post, clock.now())


def _take_people(installation: Installation, password: str) -> None:
    now = clock.now()
    rows = (
        (line, dict.fromkeys(FIELDS, "") | {"email": f"{name}@example.org", "name": name.title()})
        for line, name in enumerate(READERS, start=2)
    )
    with installation.db.write() as session:
        accounts.add_curator(session, CURATOR, Role.OWNER, password, now)
        import_csv(session, installation.signer, rows, confirmed=True, now=now)


def _publish(installation: Installation, day: date) -> None:
    now = clock.now()
    with installation.db.write() as session:
        version = datasets.newest(session, FEATURED)
        calendar.plan(session, day, version, day, now)
    if jobs.publish_due_issues(installation, now) != [day]:
        raise Refused(f"The issue of {day} was not published: `newsletter doctor` may say why.")


def _check(installation: Installation, day: date) -> None:
    with installation.db.read() as session:
        balance = balance_of(session, calendar.get(session, day))
    if not balance.holds or balance.sent != len(READERS):
        raise Refused(f"The balance is not what it should be: {balance}.")
    click.echo(f"  ✓ The balance holds: {balance.candidates} candidates = {balance.sent} sent")


def _say_where_to_look(installation: Installation, day: date, password: str) -> None:
    base = installation.settings.base_url
    for what, where in (
        ("The site", f"{base}/"),
        ("The issue", f"{base}/issues/{day}"),
        ("The dataset", f"{base}/datasets/{FEATURED}"),
        ("The outbox", f"{base}/outbox/"),
        ("The admin", f"{base}/admin/   {CURATOR}   {password}"),
        ("Everything", str(installation.settings.home)),
    ):
        click.echo(f"  {what + ':':13} {where}")
    click.echo()


COMMANDS = (demo,)
