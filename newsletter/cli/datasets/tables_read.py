"""What became of files that were read, and what to look at in their tables."""

import click

from newsletter.catalog import datasets
from newsletter.charts import proposals
from newsletter.installation import Installation
from newsletter.models.dataset import Table, Version
from newsletter.tables.profiling.alert_lines import alert_lines, shown_and_more

REJECTED_SHOWN = 10
NO_CHART = "none suits its columns, so that its first rows are shown."


def tell_tables(installation: Installation, slug: str) -> None:
    """Each table of a dataset's newest version, as it was read."""
    with installation.db.read() as session:
        version = datasets.newest(session, slug)
    for table in version.tables:
        _tell(_name(version, table), table)


def tell_alerts(table: Table, *, all_of_them: bool = False) -> None:
    """What to look at in a table, a line each, the worst first."""
    lines = alert_lines(table.profile)
    shown, more = (lines, []) if all_of_them else shown_and_more(lines)
    for line in shown:
        click.echo(f"! {line.text}")
    if more:
        click.echo(f"! and {len(more):,} more: `newsletter dataset profile` has all.")


def _name(version: Version, table: Table) -> str:
    slug = version.dataset.slug
    return slug if len(version.tables) == 1 else f"{slug}/{table.name}"


def _tell(name: str, table: Table) -> None:
    encoding = f", read as {table.encoding}" if table.encoding else ""
    click.echo(f"{name}: {table.rows:,} rows × {len(table.columns)} columns{encoding}.")
    for note in table.notes:
        click.echo(note)
    if table.rows_rejected:
        click.echo(f"{table.rows_rejected:,} rows were rejected:")
        for rejected in table.rejected[:REJECTED_SHOWN]:
            click.echo(f"  line {rejected['line']}: {rejected['reason']}")
    tell_alerts(table)
    reasons = [chart.reason for chart in proposals(table.profile)]
    click.echo(f"Chart: {reasons[0] if reasons else NO_CHART}")
