"""What a worker has claimed, and what it reports of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from newsletter.delivery.queue.ledger import Claimed
from newsletter.models.delivery import DeliveryState
from newsletter.transports.base import Envelope, Outcome, Verdict

# Nothing became of it: it is as if it had not been begun.
PUT_BACK = {Verdict.REQUEUED, Verdict.THROTTLED, Verdict.BLOCKED}

Key = tuple[str, int]  # "delivery" or "notice", and the row's id


class Held(NamedTuple):
    """A claimed message, with what the policy needs to judge its outcome."""

    key: Key
    attempts: int
    since: datetime
    state: DeliveryState
    claimed: Claimed | None = None  # of a delivery: its envelope is made when its turn comes
    envelope: Envelope | None = None  # of a notice


class Report(NamedTuple):
    """The outcome of a claimed message, to be recorded."""

    held: Held
    outcome: Outcome
    at: datetime


def held_deliveries(claimed: Iterable[Claimed]) -> list[Held]:
    return [Held(("delivery", c.id), c.attempts, c.since, c.state, claimed=c) for c in claimed]
