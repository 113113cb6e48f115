"""Issues: planning, previewing, sending, watching."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from newsletter import clock, jobs
from newsletter.cli.context import as_json, open_installation, print_json, print_record, show
from newsletter.cli.issues import issue_status
from newsletter.cli.issues.issue_status import record_of
from newsletter.delivery.issue_run import retry
from newsletter.delivery.issue_run.timezone_waves import waves_of
from newsletter.email_address import parse_address
from newsletter.errors import Invalid, Refused
from newsletter.installation import Installation
from newsletter.issues import calendar, listing
from newsletter.issues.notices import ask_for_test
from newsletter.models.issue import IssueState, Kind
from newsletter.services import planning
from newsletter.services.previews import preview_message

Command = Callable[..., None]


class Day(click.ParamType[date]):
    name = "date"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        try:
            return value if isinstance(value, date) else calendar.parse_date(value)
        except Invalid as error:
            self.fail(str(error), param, ctx)


def slot(command: Command) -> Command:
    """The slot that a command is about: its date, and its kind where that is not Monday's."""
    kind = click.option(
        "--kind",
        type=click.Choice([kind.value for kind in Kind]),
        default=Kind.REGULAR.value,
        callback=lambda _context, _parameter, value: Kind(value),
        help="Which issue of that date: a post or a correction has a slot of its own.",
    )
    return click.argument("day", type=Day())(kind(command))


@click.group("issue")
def issue_group() -> None:
    """Plan, preview, send and watch issues."""


@issue_group.command("plan")
@click.option("--date", "day", type=Day(), required=True, help="A Monday; of a post, another day.")
@click.option("--dataset", "slug", help="What the Monday opens.")
@click.option("--post", "post_slug", help="The code that is mailed that day.")
def plan(day: date, slug: str | None, post_slug: str | None) -> None:
    """Choose the Monday on which a dataset goes out, or the day of a post."""
    if (slug is None) == (post_slug is None):
        raise click.UsageError("Name what goes out: either --dataset or --post.")
    installation = open_installation()
    settings = installation.settings
    now = clock.now()
    with installation.db.write() as session:
        if post_slug is not None:
            planned = planning.plan_post(session, settings, day, post_slug, now)
        else:
            planned = planning.plan_dataset(session, settings, day, slug or "", now)
    click.echo(
        f"{post_slug or slug} is planned for {day}: "
        f"sending begins at {planned.begins:%Y-%m-%d %H:%M} UTC."
    )
    for problem in planned.lacks:
        click.echo(f"Before then: {problem}")


@issue_group.command("list")
@as_json
def list_(as_json: bool) -> None:
    """All issues, the newest first."""
    with open_installation().db.read() as session:
        show(as_json, [record_of(issue) for issue in listing.issues(session)])


@issue_group.command("show")
@slot
@as_json
def show_(day: date, kind: Kind, as_json: bool) -> None:
    """One issue."""
    with open_installation().db.read() as session:
        record = record_of(calendar.get(session, day, kind))
    if as_json:
        print_json(record)
    else:
        print_record(record)


@issue_group.command("preview")
@slot
@click.option("--to", "file", type=click.Path(path_type=Path, dir_okay=False), required=True)
def preview(day: date, kind: Kind, file: Path) -> None:
    """Write the issue, as a reader would get it now, to FILE.eml."""
    installation = open_installation()
    with installation.db.read() as session:
        issue = calendar.get(session, day, kind)
        message = preview_message(
            session, issue, installation.settings, installation.storage, clock.now()
        )
    file.write_bytes(message)
    click.echo(f"Written: {file} ({len(message):,} bytes).")


@issue_group.command("test")
@slot
@click.option("--to", "address", required=True)
def test(day: date, kind: Kind, address: str) -> None:
    """Mail the issue as it stands to one address."""
    installation = open_installation()
    with installation.db.write() as session:
        issue = calendar.get(session, day, kind)
        ask_for_test(session, issue, str(parse_address(address)), clock.now())
    click.echo(f"A test to {address} waits for the worker, or for `newsletter worker --once`.")


@issue_group.command("send")
@slot
@click.option("--now", "at_once", is_flag=True, help="Do not wait for its moment.")
def send(day: date, kind: Kind, at_once: bool) -> None:
    """Send an issue: begin it if it is due, or at once, and deliver it."""
    installation = open_installation()
    if at_once:
        jobs.publish_issue(installation, day, clock.now(), kind)
    else:
        jobs.publish_due_issues(installation, clock.now())
        _refuse_if_not_begun(installation, day, kind)
    with issue_status.shown(installation, day, kind):
        jobs.deliver(installation)


@issue_group.command("status")
@slot
@click.option("--watch", is_flag=True, help="Go on until it is closed.")
@as_json
def status(day: date, kind: Kind, watch: bool, as_json: bool) -> None:
    """How far it is: progress, rate, time left, the balance and its reasons."""
    look = issue_status.watch if watch else issue_status.show
    look(open_installation(), day, as_json, kind)


@issue_group.command("retry")
@slot
@click.option("--reason", help="Only what failed for this; `newsletter issue status` has them.")
@click.option("--unknown", is_flag=True, help="Those of unknown outcome: they may arrive twice.")
def retry_deliveries(day: date, kind: Kind, reason: str | None, unknown: bool) -> None:
    """Try again what failed, but for dead addresses and readers who have left."""
    with open_installation().db.write() as session:
        issue = calendar.get(session, day, kind)
        number = retry.retry(session, issue, clock.now(), unknown, reason)
    click.echo(f"Due again: {number:,} of the issue of {day}.")
    if unknown:
        click.echo(retry.MAY_ARRIVE_TWICE)


@issue_group.command("pause")
@slot
def pause(day: date, kind: Kind) -> None:
    """Stop sending; what is in flight ends."""
    with open_installation().db.write() as session:
        calendar.pause(session, calendar.get(session, day, kind), calendar.BY_HAND)
    click.echo(f"The issue of {day} is paused.")


@issue_group.command("resume")
@slot
def resume(day: date, kind: Kind) -> None:
    """Go on sending."""
    with open_installation().db.write() as session:
        calendar.resume(session, calendar.get(session, day, kind), clock.now())
    click.echo(f"The issue of {day} goes on.")


@issue_group.command("cancel")
@slot
def cancel(day: date, kind: Kind) -> None:
    """Send nothing more of it."""
    with open_installation().db.write() as session:
        calendar.cancel(session, calendar.get(session, day, kind), clock.now())
    click.echo(f"The issue of {day} is cancelled.")


def _refuse_if_not_begun(installation: Installation, day: date, kind: Kind) -> None:
    """Raises Refused for an issue whose sending has not begun by itself."""
    settings = installation.settings
    with installation.db.read() as session:
        state = calendar.get(session, day, kind).state
        begin = waves_of(session, day, settings).first
    if state is IssueState.PLANNED and clock.now() < begin:
        raise Refused(
            f"The issue of {day} is due at {begin:%Y-%m-%d %H:%M} UTC: "
            "add --now to send it before that."
        )
    if state is IssueState.PLANNED:
        raise Refused(f"The issue of {day} is not ready: `newsletter issue preview` says why.")
    if state is IssueState.LATE:
        raise Refused(f"The deadline of {day} has passed: add --now to send it all the same.")


COMMANDS = (issue_group,)
