"""The chart of a dataset: which are proposed, and choosing one."""

from typing import Any

import click

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.cli.context import as_json, open_installation, print_json
from newsletter.cli.datasets.sources import specification
from newsletter.cli.tasks import run_promised
from newsletter.models.dataset import Version
from newsletter.services.datasets import chart_choice
from newsletter.services.datasets.file_reading import READ_FILES
from newsletter.tasks.queueing import AT_THE_COMMAND_LINE, new_task

AUTOMATIC = "automatic"


@click.command("chart")
@click.argument("slug")
@click.argument("choice", metavar="[N|none|automatic|FILE]", required=False)
@click.option("--table", "name", help="Of which table; without it, of the first.")
@as_json
def chart(slug: str, choice: str | None, name: str | None, as_json: bool) -> None:
    """The charts that are proposed for a dataset; with N, take that one.

    FILE holds a Vega-Lite specification without data.
    """
    installation = open_installation()
    with installation.db.read() as session:
        version = datasets.newest(session, slug)
    if choice is None:
        _tell_proposals(version, name, as_json)
        return
    spec = _chosen(version, name, choice)
    task = chart_choice.choose(
        installation, slug, spec, AT_THE_COMMAND_LINE, clock.now(), by=new_task
    )
    if task is not None:
        run_promised(installation, task, READ_FILES)
    click.echo(f"{slug} has no chart." if spec == chart_choice.NO_CHART else "The chart is drawn.")


def _chosen(version: Version, name: str | None, choice: str) -> chart_choice.Spec | None:
    if choice == AUTOMATIC:
        return None
    if choice.isascii() and choice.isdigit():
        table = datasets.table_of(version, name or version.tables[0].name)
        return chart_choice.proposal(table, int(choice))
    return specification(choice)


def _tell_proposals(version: Version, name: str | None, as_json: bool) -> None:
    records: list[dict[str, Any]] = [
        {
            "table": table.name,
            "place": place,
            "reason": proposal.reason,
            "is_drawn": chart_choice.is_drawn(version, table, proposal),
            "spec": proposal.spec,
        }
        for table in version.tables
        if name in {None, table.name}
        for place, proposal in enumerate(chart_choice.proposed(table), start=1)
    ]
    if as_json:
        print_json(records)
        return
    for record in records:
        mark = "*" if record["is_drawn"] else " "
        click.echo(f"{mark} {record['place']} of {record['table']}: {record['reason']}")
    if not records:
        click.echo("No chart suits its columns.")


COMMANDS = (chart,)
