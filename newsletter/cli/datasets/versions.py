"""Versions of a dataset: a new file, what changed, publishing, and errata."""

from datetime import date, datetime
from typing import Any

import click
from pydantic import TypeAdapter

from newsletter import clock, jobs
from newsletter.catalog import datasets
from newsletter.catalog.package.read_package import ReadPackage
from newsletter.catalog.semver import step_of, understated
from newsletter.catalog.versions import changes
from newsletter.cli.context import as_json, open_installation, print_json
from newsletter.cli.datasets.reading import read_file
from newsletter.cli.datasets.sources import chart_option, how_to_read
from newsletter.cli.datasets.tables_read import tell_tables
from newsletter.cli.tasks import in_background
from newsletter.errors import NotFound
from newsletter.installation import Installation
from newsletter.issues import calendar, corrections
from newsletter.issues.schedule import local_day
from newsletter.models.issue import Issue, Kind
from newsletter.models.task import Task
from newsletter.services.datasets import dataset_save
from newsletter.services.datasets.file_reading import Promise
from newsletter.services.datasets.table_files import FileSource
from newsletter.tables.diff import Diff
from newsletter.tables.diff.words import block
from newsletter.tasks.queueing import AT_THE_COMMAND_LINE

NOW = "now"


def tell_changes(diff: Diff) -> None:
    """What changed, and whether the number says so."""
    for line in block(diff):
        click.echo(line)
    if warning := understated(diff):
        click.echo(f"! {warning}")


@click.command("update")
@click.argument("slug")
@click.argument("source", metavar="FILE|URL")
@click.option("--version", "number", help="Its number; without it, as what changed asks for.")
@click.option("--replaces", metavar="TABLE", help="Which table, of a dataset that has several.")
@click.option("--sheet", help="Which sheet, table or file of FILE.")
@click.option("--name", help="What the table is called from now on; without it, as before.")
@chart_option
@how_to_read
@in_background
def update(
    slug: str,
    source: str,
    number: str | None,
    replaces: str | None,
    sheet: str | None,
    name: str | None,
    chart: dict[str, Any] | None,
    background: bool,
    **read: Any,
) -> None:
    """Bring a new file to a dataset: a draft of its next version, and what changed."""
    installation = open_installation()
    how = ReadPackage.model_validate(read | {"table": sheet})

    def save(file: FileSource, by: Promise) -> Task | None:
        return dataset_save.replace_table(
            installation,
            slug,
            file,
            AT_THE_COMMAND_LINE,
            clock.now(),
            table=replaces,
            name=name,
            read=how,
            number=number,
            chart=chart,
            by=by,
        )

    if not read_file(installation, slug, source, background, save):
        return
    with installation.db.read() as session:
        version = datasets.newest(session, slug)
        before = changes.published_before(version)
        diff = changes.since_published(version, installation.storage)
    if version.is_published:
        click.echo(f"{slug} {version.number} has just this data: it stays as it is.")
        return
    tell_tables(installation, slug)
    if diff is not None:
        tell_changes(diff)
    click.echo(
        f"{slug} {version.number} is a draft. Publish it: `newsletter dataset publish {slug}`;"
    )
    if before is not None:
        click.echo(
            f"or if {before.number} was wrong: `newsletter dataset correct {slug} --note …`."
        )


@click.command("diff")
@click.argument("slug")
@click.argument("numbers", metavar="[A..B]", required=False)
@as_json
def diff_(slug: str, numbers: str | None, as_json: bool) -> None:
    """What changed between two versions: the newest and the published one before it, or A
    and B."""
    installation = open_installation()
    with installation.db.read() as session:
        newest = datasets.newest(session, slug)
        after, before = newest, changes.published_before(newest)
        if numbers is not None:
            old, _, new = numbers.partition("..")
            before, after = changes.pair(newest.dataset.versions, old, new)
        if before is None:
            raise NotFound(f"{slug} has only one version: there is nothing to compare it with.")
        changed = changes.between(before, after, installation.storage)
    if as_json:
        value = TypeAdapter(Diff).dump_python(changed, mode="json")
        print_json(value | {"step": step_of(changed).name.lower()})
    else:
        tell_changes(changed)


@click.command("publish")
@click.argument("slug")
@click.option("--anyway", is_flag=True, help="Whatever a person should look at first.")
def publish(slug: str, anyway: bool) -> None:
    """Publish the draft of a dataset: from then on its data never changes."""
    installation = open_installation()
    number = dataset_save.publish(installation, slug, clock.now(), anyway=anyway).number
    click.echo(f"Published: {installation.settings.base_url}/datasets/{slug}/v/{number}/")


@click.command("correct")
@click.argument("slug")
@click.option("--note", required=True, help="What was wrong, for readers.")
@click.option("--since", help="The first version that was wrong; without it, the last one.")
@click.option(
    "--mail",
    metavar="now|DATE",
    help="Tell those who got what was wrong, and nobody else: at once, or on a day.",
)
def correct(slug: str, note: str, since: str | None, mail: str | None) -> None:
    """Publish the newest version as the correction of what was published before it."""
    installation = open_installation()
    now = clock.now()
    today = local_day(now, installation.settings.timezone)
    day = None if mail is None else today if mail == NOW else calendar.parse_date(mail)
    with installation.db.write() as session:
        done = corrections.correct(session, slug, note, today, now, since, day)
        number = done.version.number
        lines = [
            f"{slug} {erratum.version.number} is marked as wrong: {number} corrects it."
            for erratum in done.errata
        ]
        lines += [f"The issue of {issue.slot} opens {number} now." for issue in done.moved]
        dataset_id = done.version.dataset_id
    jobs.compare_dataset(installation, dataset_id, now)
    click.echo("\n".join(lines))
    if day is not None:
        _mailed(installation, day, at_once=mail == NOW, now=now)


def _mailed(installation: Installation, day: date, at_once: bool, now: datetime) -> None:
    """Begin the correction of ``day``, or say when it begins by itself."""
    slot = Issue(date=day, kind=Kind.CORRECTION).slot
    if not at_once:
        click.echo(f"The correction {slot} is planned.")
        return
    jobs.publish_issue(installation, day, now, Kind.CORRECTION)
    click.echo(
        f"The correction {slot} is begun: the worker sends it, or `newsletter worker --once`."
    )


COMMANDS = (update, diff_, publish, correct)
