"""What runs: the clock and a worker, their clocks, and whether each issue began in time."""

from collections.abc import Iterator
from datetime import datetime

from newsletter.delivery.issue_run.overdue import overdue
from newsletter.doctor.findings import Finding, ok, warning, wrong
from newsletter.heartbeats.roll_call import Standing, call_roll, in_utc
from newsletter.installation import Installation
from newsletter.issues import listing
from newsletter.models.issue import IssueState

NAMED = 10


def examine_processes(installation: Installation) -> Iterator[Finding]:
    """By their heartbeats in the database, which must be up to date."""
    with installation.db.read() as session:
        roll = call_roll(session)
    for standing in roll.standings:
        yield from _findings(standing)
    for sentence in roll.wrong_clocks().values():
        yield wrong("processes", sentence)


def examine_issues(installation: Installation, now: datetime) -> Iterator[Finding]:
    """Whether one should have begun that has not."""
    with installation.db.read() as session:
        late = overdue(session, installation.settings, now)
        too_late = [issue.slot for issue in listing.in_states(session, [IssueState.LATE], NAMED)]
    for slot, begin in late:
        yield wrong(
            "issues",
            f"The issue of {slot} should have begun at {in_utc(begin)} and has not: see that the "
            f"clock runs and that it is ready, or `newsletter issue send {slot} --now`.",
        )
    for slot in too_late:
        yield wrong(
            "issues",
            f"The issue of {slot} is late: its deadline passed before it began. Decide: "
            f"`newsletter issue send {slot} --now`, or `newsletter issue cancel {slot}`.",
        )
    if not late and not too_late:
        yield ok("issues", "none is overdue.")


def _findings(standing: Standing) -> Iterator[Finding]:
    role = standing.role
    if lack := standing.lack(in_utc):
        yield wrong("processes", f"{lack} Start `newsletter run`, or `newsletter {role}`.")
        return
    hosts = ", ".join(dict.fromkeys(one.host for one in standing.living))
    yield ok("processes", f"the {role} is running on {hosts}.")
    for sentence in standing.losses(in_utc):
        yield warning("processes", sentence)
