"""The catalog: sync folders, add files, list, show, profile, describe, export."""

from pathlib import Path
from typing import Any

import click

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.catalog.describe.croissant import croissant
from newsletter.catalog.describe.datapackage import datapackage
from newsletter.catalog.describe.dcat import dcat
from newsletter.catalog.describe.jsonld import jsonld
from newsletter.catalog.describe.published import facts_of
from newsletter.catalog.sync import Done, Step, sync
from newsletter.cli.context import (
    as_json,
    open_installation,
    open_or_create_installation,
    print_json,
    print_record,
    print_table,
    show,
)
from newsletter.cli.datasets.tables_read import tell_alerts, tell_tables
from newsletter.cli.datasets.versions import tell_changes
from newsletter.cli.tasks import in_background, run_or_promise
from newsletter.errors import Refused
from newsletter.models.dataset import Version
from newsletter.posts.sync import sync as sync_posts
from newsletter.services.datasets.dataset_export import EXPORT_DATASET
from newsletter.services.datasets.unread_files import UnreadFiles, unread_files
from newsletter.tables.profiling.profile_text import summary

FORMATS = {
    "datapackage": datapackage,
    "croissant": croissant,
    "jsonld": jsonld,
    "dcat": dcat,
}
MARKS = {
    Done.ADDED: "+",
    Done.CHANGED: "~",
    Done.UNCHANGED: "=",
    Done.SKIPPED: "-",
    Done.REFUSED: "!",
}


@click.command("sync")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
def sync_command(folder: Path) -> None:
    """Bring dataset folders into the catalog, and their posts as drafts.

    Doing it again changes nothing.
    """
    installation = open_or_create_installation()
    refused, now = 0, clock.now()
    for step in sync(installation.db, installation.storage, folder, now):
        refused += step.done is Done.REFUSED
        _tell_step(step)
        if step.done in {Done.ADDED, Done.CHANGED}:
            tell_tables(installation, step.slug)
    for step in sync_posts(installation.db, installation.storage, folder, now):
        refused += step.done is Done.REFUSED
        _tell_step(step)
    if refused:
        raise Refused(f"{refused} of them could not be taken: see the lines above.")


def _tell_step(step: Step) -> None:
    note = f": {step.note}" if step.note else ""
    click.echo(f"{MARKS[step.done]} {step.slug} {step.done.value}{note}")
    if step.diff is not None:
        tell_changes(step.diff)


@click.command("list")
@as_json
def list_(as_json: bool) -> None:
    """All datasets, drafts too."""
    with open_installation().db.read() as session:
        show(as_json, [_record(version) for version in datasets.everything(session)])


@click.command("show")
@click.argument("slug")
@as_json
def show_(slug: str, as_json: bool) -> None:
    """One dataset and its tables."""
    with open_installation().db.read() as session:
        version = datasets.newest(session, slug)
        unread = unread_files(session, version.dataset)
        record = _record(version) | _unread_record(unread)
        record |= {"tables": [_table_record(t) for t in version.tables]}
    if as_json:
        print_json(record)
        return
    tables = record.pop("tables")
    print_record(record)
    print_table(
        ("table", "rows", "columns", "csv sha256"),
        [(t["name"], t["rows"], t["columns"], t["sha256"]) for t in tables],
    )


@click.command("profile")
@click.argument("slug")
@as_json
def profile(slug: str, as_json: bool) -> None:
    """What was computed of each column."""
    with open_installation().db.read() as session:
        tables = datasets.newest(session, slug).tables
    if as_json:
        print_json({table.name: table.profile for table in tables})
        return
    for table in tables:
        units = {column["name"]: column.get("unit") for column in table.columns}
        click.echo(f"{table.name}: {table.rows:,} rows")
        print_table(
            ("column", "type", "profile"),
            [
                (c["name"], c["type"], summary(c, units.get(c["name"])))
                for c in table.profile["columns"]
            ],
        )
        tell_alerts(table, all_of_them=True)


@click.command("describe")
@click.argument("slug")
@click.option("--as", "format_", type=click.Choice(list(FORMATS)), required=True)
def describe(slug: str, format_: str) -> None:
    """Print what describes a dataset to programs, as JSON."""
    installation = open_installation()
    with installation.db.read() as session:
        facts = facts_of(datasets.newest(session, slug), installation.settings)
    print_json(FORMATS[format_](facts))


@click.command("export")
@click.argument("slug")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@in_background
def export_(slug: str, folder: Path, background: bool) -> None:
    """Write a dataset to DIR/S: a Data Package, which `newsletter sync DIR` reads too.

    In the background the worker writes it, on the machine where it runs.
    """
    installation = open_installation()
    with installation.db.read() as session:
        datasets.newest(session, slug)  # or it is refused before anything is promised
    place = str(folder.absolute())
    task = run_or_promise(installation, EXPORT_DATASET, background, slug=slug, folder=place)
    if task is None or task.result is None:
        return
    for path in task.result["files"]:
        click.echo(folder / Path(path).relative_to(place))


def _record(version: Version) -> dict[str, Any]:
    return {
        "slug": version.dataset.slug,
        "version": version.number,
        "state": version.state.value,
        "title": version.title,
        "rows": sum(table.rows for table in version.tables),
        "license": version.license,
    }


def _unread_record(unread: UnreadFiles | None) -> dict[str, Any]:
    """What is not read yet, where there is something."""
    if unread is None:
        return {}
    task = {"task": unread.task.id, "task_state": unread.task.state.value} if unread.task else {}
    return {"unread": unread.names, "error": unread.error, **task}


def _table_record(table: Any) -> dict[str, Any]:
    return {
        "name": table.name,
        "rows": table.rows,
        "columns": len(table.columns),
        "bytes": table.files["csv"]["bytes"],
        "sha256": table.files["csv"]["sha256"],
    }


COMMANDS = (sync_command, list_, show_, profile, describe, export_)
