"""From an outcome to what the ledger says next: the reply policy, in one table.

A transport says what happened; this says whether it is over, when it is tried
again, and who else must hear of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.delivery.queue.reply_text import storable
from newsletter.models.delivery import DeliveryState
from newsletter.transports.base import Outcome, Verdict

# After the first, second, ... try that failed for now; the last one repeats.
RETRY_AFTER = tuple(timedelta(minutes=m) for m in (5, 30, 60, 120, 240, 480))
GIVE_UP_AFTER = timedelta(days=6)  # before the next Monday's issue
UNKNOWN_RETRY_AFTER = timedelta(minutes=10)
UNKNOWN_RETRIES = 2
ASKED_AT_MOST = timedelta(hours=1)  # is waited where the other side says how long


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the ledger is to say of one claimed message."""

    id: int
    state: DeliveryState
    not_before: datetime | None  # the next try; None: there is none
    tried: bool  # whether this counts as an attempt
    reason: str
    reply: str


def settle(
    key: int,
    outcome: Outcome,
    attempts: int,
    since: datetime,
    now: datetime,
    before: DeliveryState = DeliveryState.PENDING,
) -> Settlement:
    """The settlement of a message that had ``attempts`` tries before this one, is owed
    since ``since``, and was ``before`` when it was claimed.

    What may have been sent stays unknown until a server says otherwise.
    """
    waiting = before if before is DeliveryState.UNKNOWN else DeliveryState.PENDING
    given_up = before if before is DeliveryState.UNKNOWN else DeliveryState.FAILED

    def say(state: DeliveryState, again: datetime | None, tried: bool = True) -> Settlement:
        return Settlement(key, state, again, tried, outcome.verdict.value, storable(outcome.reply))

    match outcome.verdict:
        case Verdict.SENT:
            return say(DeliveryState.SENT, None)
        case Verdict.NO_SUCH_ADDRESS | Verdict.REJECTED:
            return say(DeliveryState.FAILED, None)
        case Verdict.UNKNOWN:
            again = now + UNKNOWN_RETRY_AFTER if attempts < UNKNOWN_RETRIES else None
            return say(DeliveryState.UNKNOWN, again)
        case Verdict.DEFERRED | Verdict.FULL:
            by_rule = RETRY_AFTER[min(attempts, len(RETRY_AFTER) - 1)]
            again = now + asked_wait(outcome, by_rule)
            if again - since > GIVE_UP_AFTER:
                return say(given_up, None)
            return say(waiting, again)
        case Verdict.REQUEUED | Verdict.THROTTLED:
            return say(waiting, now + asked_wait(outcome, timedelta(0)), tried=False)
        case Verdict.BLOCKED:
            return say(waiting, now, tried=False)


def asked_wait(outcome: Outcome, otherwise: timedelta) -> timedelta:
    """How long to wait as the other side asked, within reason; ``otherwise`` if it did not."""
    if outcome.retry_after is None:
        return otherwise
    return min(outcome.retry_after, ASKED_AT_MOST)
