"""How an issue is getting on, at a terminal: once, or over and over until it is closed."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import click

from newsletter import clock
from newsletter.cli.issues.canvas import Canvas
from newsletter.delivery.issue_run.progress import Progress, progress, roughly
from newsletter.delivery.issue_run.reasons import Reason
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.issue import Issue, IssueState, Kind

LOOK_SECONDS = 1.0  # between two looks at the books
BAR_WIDTH = 40
CLOSED = (IssueState.SENT, IssueState.CANCELLED)
COLOURS = {
    IssueState.SENDING: "cyan",
    IssueState.SENT: "green",
    IssueState.PAUSED: "yellow",
    IssueState.LATE: "red",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """An issue and its delivery report at one moment."""

    issue: Issue
    record: dict[str, Any]  # what `issue show` says of it
    progress: Progress
    at: datetime

    @property
    def is_closed(self) -> bool:
        return self.issue.state in CLOSED

    @property
    def facts(self) -> tuple[object, ...]:
        """What has changed if something happened; that time passes is no change."""
        of = self.progress
        return self.issue.state, self.issue.pause_reason, of.balance, of.waiting, of.reasons


def standing(installation: Installation, day: date, kind: Kind) -> Standing:
    """Raises NotFound."""
    now = clock.now()
    with installation.db.read() as session:
        issue = calendar.get(session, day, kind)
        return Standing(issue, record_of(issue), progress(session, issue, now), now)


def show(installation: Installation, day: date, as_json: bool, kind: Kind = Kind.REGULAR) -> None:
    status = standing(installation, day, kind)
    if as_json:
        click.echo(_json(status, indent=2))
    else:
        click.echo("\n".join(block(status)))


def watch(installation: Installation, day: date, as_json: bool, kind: Kind = Kind.REGULAR) -> None:
    """Go on until the issue is closed: repainted in place on a terminal; elsewhere, and in
    JSON, a line for each change."""
    canvas = None if as_json else _canvas()
    say: Callable[[Standing], str] = _json if as_json else line
    shown_facts: tuple[object, ...] | None = None
    while True:
        status = standing(installation, day, kind)
        if canvas is not None:
            canvas.paint(block(status))
        elif status.facts != shown_facts:
            shown_facts = status.facts
            click.echo(say(status))
        if status.is_closed:
            return
        time.sleep(LOOK_SECONDS)


@contextmanager
def shown(installation: Installation, day: date, kind: Kind = Kind.REGULAR) -> Iterator[None]:
    """While the block runs, its progress on a terminal; after it the balance, anywhere."""
    canvas = _canvas()
    if canvas is None:
        yield
        click.echo(line(standing(installation, day, kind)))
        return
    over = threading.Event()

    def paint_on() -> None:
        while not over.is_set():
            canvas.paint(block(standing(installation, day, kind)))
            over.wait(LOOK_SECONDS)

    painter = threading.Thread(target=paint_on, name="progress")
    painter.start()
    try:
        yield
    finally:
        over.set()
        painter.join()
        canvas.paint(block(standing(installation, day, kind)))


def line(status: Standing) -> str:
    """The standing in one line."""
    balance = status.progress.balance
    counts = ", ".join(f"{number:,} {word}" for word, number in balance.as_dict().items())
    verdict = "the balance holds" if balance.holds else "THE BALANCE DOES NOT HOLD"
    return f"{status.issue.slot} {status.record['state']}: {counts}; {verdict}."


def block(status: Standing) -> list[str]:
    """The standing as a person reads it, a line each."""
    state, of = status.issue.state, status.progress
    head = click.style(state.value, fg=COLOURS.get(state), bold=True)
    lines = [f"{status.issue.slot}  {status.record['subject']}", f"{head}  {_bar(of)}"]
    if status.issue.pause_reason and state is IssueState.PAUSED:
        lines.append(click.style(status.issue.pause_reason, fg="yellow"))
    counts = of.balance.as_dict()
    counts.pop("candidates")
    lines.append("  ".join(f"{number:,} {word}" for word, number in counts.items()))
    if not status.is_closed:
        lines.append(_pace(of))
    lines.append(_verdict(of))
    if of.reasons:
        lines += ["", "What did not go out:"]
        lines += [text for reason in of.reasons for text in _said(reason, status)]
    if any(reason.may_be_retried for reason in of.reasons):
        lines.append(f"To try again: newsletter issue retry {_named(status.issue)} --reason R")
    return lines


def record_of(issue: Issue) -> dict[str, Any]:
    """What the commands say of an issue; its session must be open."""
    version = issue.version or (issue.post.version if issue.post else None)
    return {
        "date": str(issue.date),
        "kind": issue.kind.value,
        "state": issue.state.value,
        "dataset": version.dataset.slug if version else None,
        "version": version.number if version else None,
        "post": issue.post.slug if issue.post else None,
        "subject": issue.title,
    }


def _named(issue: Issue) -> str:
    """How the commands are told which issue."""
    kind = "" if issue.kind is Kind.REGULAR else f" --kind {issue.kind.value}"
    return f"{issue.date}{kind}"


def _canvas() -> Canvas | None:
    return Canvas(sys.stdout) if sys.stdout.isatty() else None


def _bar(of: Progress) -> str:
    total = of.balance.candidates
    share = of.settled / total if total else 0.0
    full = int(share * BAR_WIDTH)
    bar = "█" * full + "░" * (BAR_WIDTH - full)
    return f"{bar}  {of.settled:,} of {total:,} ({int(share * 100)} %)"


def _pace(of: Progress) -> str:
    parts = [f"{of.per_second:,.1f} a second over the last minute"]
    if of.time_left is not None:
        parts.append(f"{roughly(of.time_left)} left")
    if of.next_try is not None:
        parts.append(f"{of.waiting:,} wait, the next try is at {_when(of.next_try)}")
    if of.quota_until is not None:
        parts.append(f"today's quota is used up, it goes on at {_when(of.quota_until)}")
    return "; ".join(parts) + "."


def _verdict(of: Progress) -> str:
    if of.balance.holds:
        return "The balance holds."
    return click.style(
        "THE BALANCE DOES NOT HOLD: pause, and look at the log.", fg="red", bold=True
    )


def _said(reason: Reason, status: Standing) -> list[str]:
    """One reason: how many, why, what happens next, and an example of a reply."""
    fate = reason.next_step(status.issue, status.at, _when)
    lines = [f"{reason.number:>9,}  {reason.state.value}, {reason.word}: {reason.meaning}; {fate}"]
    if reason.reply:
        lines.append(click.style(f"{'':9}  “{' '.join(reason.reply.split())}”", dim=True))
    return lines


def _json(status: Standing, indent: int | None = None) -> str:
    """All of it: moments in ISO 8601, durations in seconds."""
    issue, of = status.issue, status.progress
    value = status.record | {
        "pause_reason": issue.pause_reason,
        "frozen_at": _iso(issue.frozen_at),
        "closed_at": _iso(issue.closed_at),
        "balance": of.balance.as_dict() | {"holds": of.balance.holds},
        "per_second": round(of.per_second, 3),
        "seconds_left": None if of.time_left is None else round(of.time_left.total_seconds()),
        "waiting": of.waiting,
        "next_try": _iso(of.next_try),
        "quota_until": _iso(of.quota_until),
        "reasons": [
            {
                "state": reason.state.value,
                "reason": reason.word,
                "number": reason.number,
                "reply": reason.reply,
                "next_try": _iso(reason.again),
                "next": reason.next_step(issue, status.at, _when),
            }
            for reason in of.reasons
        ],
    }
    return json.dumps(value, indent=indent, ensure_ascii=False)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
