"""Why some of an issue did not go out, and what happens to them next.

Two readers use this: whoever asks at the command line, and the admin's page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.issue_run.unrecorded import UNRECORDED
from newsletter.models.delivery import ROWS_WITH_A_REASON, Delivery, DeliveryState
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Status
from newsletter.transports.base import Verdict

# What the words in the ledger's column ``reason`` mean.
MEANINGS: dict[str, str] = {
    Verdict.NO_SUCH_ADDRESS: "there is no such address",
    Verdict.REJECTED: "the server refuses this message",
    Verdict.UNKNOWN: "no answer came after it was handed over",
    Verdict.DEFERRED: "the server asks to try later",
    Verdict.FULL: "the mailbox is full",
    Verdict.REQUEUED: "the connection ended before its turn",
    Verdict.THROTTLED: "the server asks for fewer at a time",
    Verdict.BLOCKED: "the server refuses us",
    Status.UNSUBSCRIBED: "they unsubscribed",
    Status.BOUNCED: "an earlier mail bounced",
    Status.COMPLAINED: "they reported an earlier mail as spam",
    "suppressed": "the address is never to be mailed",
    "erased": "the person was erased",
    "unfit": "no message can be made for them",
    "cancelled": "the issue was cancelled",
    UNRECORDED: "the database refused to record what became of it",
}

# What becomes of those that failed for a reason; of all others: given up.
ENDS: dict[str, str] = {
    Verdict.NO_SUCH_ADDRESS: "never: the address is suppressed",
    Verdict.REJECTED: "never again for this message",
    "unfit": "never again for this message",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """The deliveries of an issue that are in one state for one reason."""

    state: DeliveryState
    word: str  # the ledger's; see MEANINGS
    number: int
    reply: str  # what the server said to the latest of them
    again: datetime | None  # when the first of them is due again; None: never by itself

    @property
    def meaning(self) -> str:
        return MEANINGS.get(self.word, self.word)

    @property
    def may_be_retried(self) -> bool:
        """Whether a curator may ask for another try. A dead address is never tried again."""
        if self.state is DeliveryState.FAILED:
            return self.word != Verdict.NO_SUCH_ADDRESS
        return self.state is DeliveryState.UNKNOWN

    def next_step(self, issue: Issue, now: datetime, when: Callable[[datetime], str]) -> str:
        """What happens to them next, in words; ``when`` says a moment."""
        match self.state:
            case DeliveryState.EXCLUDED:
                return "not mailed"
            case DeliveryState.FAILED:
                return ENDS.get(self.word, "given up")
        if issue.state is IssueState.CANCELLED:
            return "never, as the issue is cancelled"
        if self.again is None:
            return "never by itself: it may have arrived"
        if issue.state is IssueState.PAUSED:
            return "tried again once the issue is resumed"
        return f"tried again at {when(self.again)}" if self.again > now else "tried again now"


def reasons_of(session: Session, issue: Issue) -> list[Reason]:
    """Of what is not sent though it was looked at: why, the commonest first.

    Read from an index that holds such rows alone.
    """
    number = func.count()
    rows = session.execute(
        select(Delivery.state, Delivery.reason, number, func.min(Delivery.not_before))
        .where(Delivery.issue_id == issue.id, ROWS_WITH_A_REASON)
        .group_by(Delivery.state, Delivery.reason)
        .order_by(number.desc(), Delivery.state, Delivery.reason)
    ).all()
    return [
        Reason(state, word or "", count, _example(session, issue, state, word), again)
        for state, word, count, again in rows
    ]


def _example(session: Session, issue: Issue, state: DeliveryState, word: str | None) -> str:
    """What the server said to the latest of them."""
    same = (Delivery.issue_id == issue.id, Delivery.state == state, Delivery.reason == word)
    latest = select(Delivery.reply).where(ROWS_WITH_A_REASON, *same)
    return session.scalar(latest.order_by(Delivery.settled_at.desc()).limit(1)) or ""
