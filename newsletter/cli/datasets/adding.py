"""A file becomes a dataset: a draft, unless it is to be public at once."""

from typing import Any

import click

from newsletter import clock
from newsletter.catalog.licenses import license_problem
from newsletter.catalog.package.draft import draft
from newsletter.cli.context import open_or_create_installation
from newsletter.cli.datasets.reading import read_file
from newsletter.cli.datasets.sources import chart_option, how_to_read
from newsletter.cli.datasets.tables_read import tell_tables
from newsletter.cli.tasks import in_background
from newsletter.errors import Invalid
from newsletter.models.task import Task
from newsletter.services.datasets import dataset_save
from newsletter.services.datasets.file_reading import Promise
from newsletter.services.datasets.table_files import FileSource, is_address
from newsletter.tasks.queueing import AT_THE_COMMAND_LINE

# The option that each field of a package comes from.
FIELD_OPTIONS = {"keywords": "keyword", "sources": "source-url"} | {
    name: name
    for name in ("title", "license", "summary", "description", "table", "encoding", "delimiter",
                 "decimal", "header")
}  # fmt: skip


@click.command("add")
@click.argument("source", metavar="FILE|URL")
@click.option("--slug", required=True, help="Its name in addresses, such as penguins.")
@click.option("--title", required=True, help="1 to 80 characters.")
@click.option("--license", "license_", required=True, help="An SPDX id, such as CC0-1.0.")
@click.option("--summary", "summary_", help="One line of 20 to 80 characters.")
@click.option("--description", help="Why it is interesting: markdown, from 50 characters.")
@click.option("--keyword", "keywords", multiple=True, help="May be given several times.")
@click.option(
    "--source-url", help="Where the data comes from; without it, it says that nobody told."
)
@click.option(
    "--table",
    "--sheet",
    "table",
    help="Which sheet, table or file of FILE; without it, all of them.",
)
@click.option("--name", help="The table's name; without it, the file's.")
@chart_option
@how_to_read
@in_background
@click.option("--publish", "is_published", is_flag=True, help="Publish it, if nothing is open.")
@click.option("--anyway", is_flag=True, help="Publish it, whatever a person should look at.")
def add(
    source: str,
    slug: str,
    title: str,
    license_: str,
    summary_: str | None,
    description: str | None,
    keywords: tuple[str, ...],
    source_url: str | None,
    name: str | None,
    chart: dict[str, Any] | None,
    background: bool,
    is_published: bool,
    anyway: bool,
    **read: str | int | None,
) -> None:
    """Read a table, profile and chart it: a draft of a dataset, and what to look at in it.

    What is not given is made from the data, and can be written better in the admin. A file
    that holds several tables becomes all of them, unless --table chooses one.
    """
    if background and anyway:
        raise click.UsageError("In the background nobody looks: publish the draft when it is read.")
    installation = open_or_create_installation()
    origin = source_url or (source if is_address(source) else None)

    def save(file: FileSource, by: Promise) -> Task:
        _refuse_license(license_)
        package = draft(
            slug, title, license_, file.file_name, summary_, description, keywords, origin, read,
            name, chart,
        )  # fmt: skip
        files = {package.tables[0].name: file}
        return dataset_save.add(
            installation, slug, package, files, AT_THE_COMMAND_LINE, clock.now(),
            publish=is_published and background, by=by,
        )  # fmt: skip

    try:
        if not read_file(installation, slug, source, background, save):
            return
    except Invalid as error:
        raise _by_its_option(error) from error
    tell_tables(installation, slug)
    if is_published or anyway:
        dataset_save.publish(installation, slug, clock.now(), anyway=anyway)
        click.echo(f"Published: {installation.settings.base_url}/datasets/{slug}")
    else:
        click.echo(f"Draft: look at {installation.settings.base_url}/admin/datasets/{slug}")
        click.echo(f"Then publish it: `newsletter dataset publish {slug}`.")


def _refuse_license(name: str) -> None:
    if problem := license_problem(name):
        raise Invalid(f"{problem}.", {"license": problem})


def _by_its_option(error: Invalid) -> Invalid:
    """What is wrong with a field, said of the option that it came from; ``error`` itself where
    it came from none."""
    place, sentence = next(iter(error.fields.items()), ("", ""))
    field = place.partition("read.")[2] or place.partition(".")[0]
    option = FIELD_OPTIONS.get(field)
    return Invalid(f"--{option}: {sentence}.") if option else error


COMMANDS = (add,)
