"""What a worker has claimed, and what it reports of it."""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, Self

from newsletter.delivery.queue.ledger import ClaimedDelivery, Key
from newsletter.delivery.queue.reply_text import is_storable, storable
from newsletter.models.delivery import DeliveryState
from newsletter.transports.base import Envelope, Outcome, Verdict

# Nothing became of it: it is as if it had not been begun.
PUT_BACK = {Verdict.REQUEUED, Verdict.THROTTLED, Verdict.BLOCKED}


class ClaimedNotice(NamedTuple):
    """A notice that this worker alone may send until its lease ends."""

    id: int
    attempts: int
    since: datetime  # when it was made
    state: DeliveryState  # pending or unknown
    envelope: Envelope

    @property
    def key(self) -> Key:
        return ("notice", self.id)


Claim = ClaimedDelivery | ClaimedNotice


class Report(NamedTuple):
    """The outcome of a claimed message, to be recorded."""

    claim: Claim
    outcome: Outcome
    at: datetime

    @classmethod
    def of(cls, claim: Claim, outcome: Outcome, at: datetime) -> Self:
        """With a reply that any database keeps."""
        if not is_storable(outcome.reply):
            outcome = replace(outcome, reply=storable(outcome.reply))
        return cls(claim, outcome, at)

    @property
    def is_sent_delivery(self) -> bool:
        """The ordinary: nothing but its row of the ledger has to change."""
        return self.outcome.verdict is Verdict.SENT and isinstance(self.claim, ClaimedDelivery)
