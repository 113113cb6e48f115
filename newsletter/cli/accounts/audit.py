"""The audit log: who changed what."""

from typing import TextIO

import click

from newsletter.audit import chain, reading
from newsletter.audit.reading import Filter
from newsletter.cli.context import as_json, open_installation, print_json, show
from newsletter.errors import Refused

SHOWN = ("number", "at", "who", "action", "target", "origin")


@click.group("audit")
def audit_group() -> None:
    """Who changed what, when and from where."""


@audit_group.command("list")
@click.option("--who", default="", help="Only of this curator, or user of the system.")
@click.option("--words", default="", help="Only entries with these words.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@as_json
def list_(who: str, words: str, limit: int, as_json: bool) -> None:
    """The latest entries, the newest first; --json has what was changed, too."""
    with open_installation().db.read() as session:
        entries = reading.latest(session, Filter(words, who), limit)
        records = [reading.record(entry) for entry in entries]
    show(as_json, records if as_json else [{c: r[c] for c in SHOWN} for r in records])


@audit_group.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
@click.option("--format", "form", type=click.Choice(list(reading.FORMATS)), default="ndjson",
              show_default=True)  # fmt: skip
@click.option("--who", default="", help="Only of this curator, or user of the system.")
@click.option("--words", default="", help="Only entries with these words.")
def export(file: TextIO, form: str, who: str, words: str) -> None:
    """Write the entries to FILE, the oldest first; without one they are printed."""
    with open_installation().db.read() as session:
        for line in reading.lines(session, Filter(words, who), form):
            file.write(line)


@audit_group.command("verify")
@click.option("--expect", default="", metavar="HASH", help="A hash that was printed before.")
@as_json
def verify(expect: str, as_json: bool) -> None:
    """Check that no entry was altered or removed. The hash that is printed, kept elsewhere and
    given as --expect, shows that the end was not cut off either."""
    installation = open_installation()
    with installation.db.read() as session:
        verdict = chain.verify(session, installation.signer, expect)
    if as_json:
        print_json({"entries": verdict.entries, "head": verdict.head, "problem": verdict.problem})
    if verdict.problem:
        raise Refused(f"{verdict.problem} {verdict.entries:,} entries before it are whole.")
    if not as_json:
        click.echo(f"{verdict.entries:,} entries, none altered or missing.")
        click.echo(f"The last has the hash {verdict.head}")


COMMANDS = (audit_group,)
