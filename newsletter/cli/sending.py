"""Sending: whether mail may go out, and letting it after a restore."""

import click

from newsletter import clock
from newsletter.backups import permission
from newsletter.cli.context import as_json, open_installation, print_json
from newsletter.issues import listing
from newsletter.models.issue import Issue, IssueState

UNDER_WAY = (IssueState.SENDING, IssueState.PAUSED, IssueState.LATE)


@click.group("sending")
def sending_group() -> None:
    """Whether mail goes out: after a restore not until you say so."""


@sending_group.command("status")
@as_json
def status(as_json: bool) -> None:
    """Whether it does, and since when."""
    with open_installation().db.read() as session:
        since = permission.granted_at(session)
    if as_json:
        print_json({"may_send": since is not None, "since": since})
    elif since is None:
        click.echo(permission.HELD)
    else:
        click.echo(f"Mail goes out, since {since:%Y-%m-%d %H:%M} UTC.")


@sending_group.command("allow")
def allow() -> None:
    """Let mail go out from a home that was restored or copied."""
    with open_installation().db.write() as session:
        permission.allow(session, clock.now())
        under_way = listing.in_states(session, UNDER_WAY, 20)
        lines = [_line(issue) for issue in under_way]
    click.echo("\n".join(["Mail goes out.", *lines]))


def _line(issue: Issue) -> str:
    hint = f"; `newsletter issue pause {issue.slot}`" if issue.state is IssueState.SENDING else ""
    return f"The issue of {issue.slot} is {issue.state.value}: see `newsletter issue status`{hint}."


COMMANDS = (sending_group,)
