"""Looking after the catalog by hand; the clock does it once a week."""

from dataclasses import asdict

import click

from newsletter import clock
from newsletter.catalog.checks.findings import Weight
from newsletter.cli.context import as_json, open_installation, print_json
from newsletter.cli.tasks import in_background, run_in_foreground, tell_promise
from newsletter.errors import Refused
from newsletter.services.catalog_check import check_now, findings_of, start_check
from newsletter.tasks.queueing import AT_THE_COMMAND_LINE

MARKS = {Weight.WRONG: "!", Weight.NOTE: "-", Weight.ASIDE: "~"}


@click.command("check")
@click.argument("slugs", metavar="[SLUG]...", nargs=-1)
@in_background
@as_json
def check(slugs: tuple[str, ...], background: bool, as_json: bool) -> None:
    """Look whether sources answer, dictionaries fit, files are whole and documents complete."""
    installation = open_installation()
    begin = start_check if background else check_now
    with installation.db.write() as session:
        task = begin(session, slugs, AT_THE_COMMAND_LINE, clock.now())
    if background:
        tell_promise(task)
        return
    findings = findings_of(run_in_foreground(installation, task))
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
