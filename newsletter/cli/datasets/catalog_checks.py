"""Looking after the catalog by hand; the clock does it once a week."""

from dataclasses import asdict

import click

from newsletter.catalog.checks.findings import Weight
from newsletter.cli.context import as_json, open_installation, print_json
from newsletter.cli.tasks import in_background, run_or_promise
from newsletter.errors import Refused
from newsletter.services.datasets.catalog_check import CHECK_CATALOG, findings_of, known

MARKS = {Weight.WRONG: "!", Weight.NOTE: "-", Weight.ASIDE: "~"}


@click.command("check")
@click.argument("slugs", metavar="[SLUG]...", nargs=-1)
@in_background
@as_json
def check(slugs: tuple[str, ...], background: bool, as_json: bool) -> None:
    """Look whether sources answer, dictionaries fit, files are whole and documents complete."""
    installation = open_installation()
    with installation.db.read() as session:
        checked = known(session, slugs)
    task = run_or_promise(installation, CHECK_CATALOG, background, slugs=checked)
    if task is None:
        return
    findings = findings_of(task)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            mark = MARKS[finding.weight]
            click.echo(f"{mark} {finding.slug}, {finding.about}: {finding.sentence}")
        if not findings:
            click.echo("All is well.")
    wrong = sum(finding.weight is Weight.WRONG for finding in findings)
    if wrong:
        raise Refused(f"{wrong} to mend: see above.")


COMMANDS = (check,)
