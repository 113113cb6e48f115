"""Breakers: what stops an issue by itself, before it does more harm.

- *Shares.* Its hard bounces, or its complaints, are more than a share of what was handed
  over of it so far (sent, failed or unknown). A share of a few means nothing: below ten
  hard bounces, or three complaints, it is not looked at.
- *Failures in a row*, of one worker: messages that did not get out, whatever the reason,
  and connections of which nothing became. A message that was put back untouched is none.
- A rule about *us* (outcome_effects) stops it at once.

Whoever resumes an issue has seen what stopped it: only what comes after counts again.
"""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.issue_run.pause import halt
from newsletter.delivery.queue.balance import balance_of
from newsletter.issues.notices import alert_curators
from newsletter.models.feedback import FeedbackEvent, FeedbackKind
from newsletter.models.issue import Issue, IssueState
from newsletter.rates import Breakers
from newsletter.transports.base import Outcome, Verdict

FAILED = {
    Verdict.UNKNOWN,
    Verdict.DEFERRED,
    Verdict.FULL,
    Verdict.NO_SUCH_ADDRESS,
    Verdict.REJECTED,
}
HARD_BOUNCES_AT_LEAST, COMPLAINTS_AT_LEAST = 10, 3  # fewer are no share of anything
WATCHED_FOR = timedelta(days=7)  # to what comes back of an issue that was sent


Streak = tuple[datetime, ...]  # when each of some failures in a row was, the oldest first


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a delivery."""

    delivery_id: int
    issue_id: int
    outcome: Outcome
    at: datetime


class CircuitBreakers:
    """The breakers of one worker. A new worker begins its streak of failures anew.

    A streak that is returned is to be kept once the transaction is committed: one that
    failed is done again.
    """

    def __init__(self, limits: Breakers) -> None:
        self.streak: Streak = ()
        self._limits = limits
        self._handed_over: dict[int, int] = {}  # by issue, as counted last

    def judge(self, session: Session, results: Sequence[Result], now: datetime) -> Streak:
        """Stop the issues of which these results, now recorded, are too much."""
        streak = self.streak
        for result in results:
            if result.outcome.verdict is Verdict.SENT:
                streak = ()
            elif result.outcome.verdict in FAILED:
                streak = self.longer(streak, result.at)
                if self.is_full(streak):
                    issue = session.get_one(Issue, result.issue_id)
                    streak = self.stop(session, [issue], streak, result.outcome.reply)
        for issue_id in {
            r.issue_id for r in results if r.outcome.verdict is Verdict.NO_SUCH_ADDRESS
        }:
            issue = session.get_one(Issue, issue_id)
            why = excess(session, issue, self._limits, self._handed_over)
            if why is not None:
                halt(session, issue, why, now)
        return streak

    def longer(self, streak: Streak, at: datetime) -> Streak:
        return (*streak, at) if self._limits.failures is not None else ()

    def is_full(self, streak: Streak) -> bool:
        return self._limits.failures is not None and len(streak) >= self._limits.failures

    def stop(self, session: Session, issues: Sequence[Issue], streak: Streak, last: str) -> Streak:
        """Halt those of ``issues`` whose streak of failures is full, counted from where each began
        or was resumed; returns what is left of it. ``last``: how the last of them failed."""
        rest: Streak = ()
        for issue in issues:
            began = issue.resumed_at or issue.frozen_at
            own = tuple(at for at in streak if began is None or at >= began)
            if self.is_full(own):
                halt(session, issue, f"{len(own)} failures in a row. The last: {last}", own[-1])
            else:
                rest = own
        return rest


def excess(
    session: Session, issue: Issue, limits: Breakers, handed_over: MutableMapping[int, int]
) -> str | None:
    """Of what there is too much, as a sentence; None: of nothing.

    ``handed_over`` keeps, by issue, how much was handed over when it was counted last. It
    only grows, so that it is counted again only where the last count is exceeded.
    """
    events = select(FeedbackEvent.kind, func.count()).where(FeedbackEvent.issue_id == issue.id)
    if issue.resumed_at is not None:
        events = events.where(FeedbackEvent.at > issue.resumed_at)
    numbers = dict(session.execute(events.group_by(FeedbackEvent.kind)).all())
    for kind, share, at_least, words in (
        (FeedbackKind.HARD_BOUNCE, limits.hard, HARD_BOUNCES_AT_LEAST, "bounced for good"),
        (FeedbackKind.COMPLAINT, limits.complaints, COMPLAINTS_AT_LEAST, "were reported as spam"),
    ):
        number = numbers.get(kind, 0)
        if share is None or number < at_least:
            continue
        if number > share * handed_over.get(issue.id, 0):
            handed_over[issue.id] = _handed_over(session, issue)
        if number > share * handed_over[issue.id]:
            since = " since it was resumed" if issue.resumed_at is not None else ""
            return (
                f"{number:,} messages {words}{since}: more than {_percent(share)} "
                f"of the {handed_over[issue.id]:,} that were handed over."
            )
    return None


def watched(session: Session, now: datetime) -> list[int]:
    """The issues that are being sent, or were lately: bounces and complaints come back for
    days."""
    open_or_recent = select(Issue.id).where(
        (Issue.state == IssueState.SENDING)
        | ((Issue.state == IssueState.SENT) & (Issue.closed_at > now - WATCHED_FOR))
    )
    return list(session.scalars(open_or_recent))


def excess_of(session: Session, issue_id: int, limits: Breakers) -> str | None:
    """Of what an issue has too much, as a sentence, counted now; None: of nothing."""
    return excess(session, session.get_one(Issue, issue_id), limits, {})


def act(session: Session, issue_id: int, limits: Breakers, now: datetime) -> None:
    """Halt an issue with too much trouble; of one that was sent the curators are told, once."""
    issue = session.get_one(Issue, issue_id)
    why = excess(session, issue, limits, {})
    if why is None or halt(session, issue, why, now):
        return
    if issue.state is IssueState.SENT:
        alert_curators(
            session,
            f"Trouble with the issue of {issue.slot}, which went out",
            [why, "Nothing is left of it to stop. Find the cause before the next one goes out."],
            path=f"/admin/issues/{issue.slot}/progress",
            once=f"came back {issue.id}",
            now=now,
        )


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"


def _handed_over(session: Session, issue: Issue) -> int:
    balance = balance_of(session, issue)
    return balance.sent + balance.failed + balance.unknown
