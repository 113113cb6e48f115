"""Taking back what is public, and putting it back within a day."""

import click

from newsletter import clock
from newsletter.cli.context import open_installation
from newsletter.services.datasets import withdrawing
from newsletter.sizes import readable_size


@click.command("withdraw")
@click.argument("slug")
@click.option("--version", "number", help="Only this one; without it, all that is published.")
@click.option("--reason", required=True, help="Why, for readers: at least 10 characters.")
def withdraw(slug: str, number: str | None, reason: str) -> None:
    """Take a dataset, or one version of it, from the public: at once, and after a day for good.

    Its addresses then say what was there and why it is gone.
    """
    installation = open_installation()
    with installation.db.write() as session:
        effects = withdrawing.withdraw(session, slug, reason, clock.now(), number)
        what = f"{slug} {effects.numbers}"
        lines = [
            f"{what} is withdrawn: {effects.files} files, {readable_size(effects.bytes)}.",
            *(f"The post {post.slug} is not shown any more." for post in effects.posts),
            *(f"The page of {issue.slot} no longer shows it." for issue in effects.past),
            *(f"! {issue.slot} was going out: it is paused." for issue in effects.going_out),
            *(f"! {issue.slot} is not sent with it: see it." for issue in effects.planned),
            *(
                f"! {issue.slot} no longer corrects it: see what is left of it."
                for issue in effects.corrections
            ),
        ]
    click.echo("\n".join(lines))
    only = f" --version {number}" if number else ""
    click.echo(f"Within a day it can be put back: `newsletter dataset restore {slug}{only}`.")


@click.command("restore")
@click.argument("slug")
@click.option("--version", "number", help="Only this one; without it, what went last.")
def restore(slug: str, number: str | None) -> None:
    """Make public again what was withdrawn within the last day."""
    installation = open_installation()
    with installation.db.write() as session:
        versions = withdrawing.restore(session, slug, clock.now(), number)
        numbers = ", ".join(version.number for version in versions)
    click.echo(f"Public again: {installation.settings.base_url}/datasets/{slug} ({numbers})")


COMMANDS = (withdraw, restore)
