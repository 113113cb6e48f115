"""Looking after the catalog by hand; the clock does it once a week."""

from dataclasses import asdict

import click

from newsletter import clock
from newsletter.catalog.checks.examination import examine
from newsletter.catalog.checks.findings import Weight
from newsletter.cli.context import as_json, open_installation, print_json
from newsletter.errors import Refused

MARKS = {Weight.WRONG: "!", Weight.NOTE: "-", Weight.ASIDE: "~"}


@click.command("check")
@click.argument("slugs", metavar="[SLUG]...", nargs=-1)
@as_json
def check(slugs: tuple[str, ...], as_json: bool) -> None:
    """Look whether sources answer, dictionaries fit, files are whole and documents complete."""
    opened = open_installation()
    findings = examine(opened.db, opened.storage, opened.settings, clock.now(), slugs)
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
