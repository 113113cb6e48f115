"""Doctor: what is wrong with this installation, and what to do about it."""

import sys
from dataclasses import asdict

import click

from newsletter import clock
from newsletter.cli.context import as_json, installation_as_it_stands, print_json
from newsletter.doctor.dns_lookup import Dns
from newsletter.doctor.examination import examine
from newsletter.doctor.findings import State

MARKS = {State.OK: "✓", State.WARNING: "!", State.WRONG: "✗"}


@click.command("doctor")
@as_json
def doctor(as_json: bool) -> None:
    """Look at settings, database, mail, DNS, site and clock. Exit 1 if anything is wrong."""
    findings = []
    for finding in examine(installation_as_it_stands(), Dns.of_this_machine(), clock.now()):
        findings.append(finding)
        if not as_json:  # as it is found: some answers take seconds
            click.echo(f"{MARKS[finding.state]} {finding.what}: {finding.sentence}")
    if as_json:
        print_json([asdict(finding) for finding in findings])
    if any(finding.state is State.WRONG for finding in findings):
        sys.exit(1)


COMMANDS = (doctor,)
