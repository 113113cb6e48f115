"""A feed out of a list, that remembers what it was told."""

import asyncio
from collections.abc import Awaitable, Iterable

from newsletter.transports.base import Envelope, Outcome, Verdict


def envelope(number: int, content: bytes = b"Subject: hello\r\n\r\nhello\r\n") -> Envelope:
    return Envelope(
        key=("delivery", number),
        sender="list@example.org",
        recipient=f"reader{number}@example.org",
        message_id=f"<{number}@example.org>",
        segments=[content],
    )


class ListFeed:
    """Hands out ``envelopes`` in turn. ``taken`` and ``settled`` tell what happened."""

    def __init__(self, envelopes: Iterable[Envelope]) -> None:
        self.waiting = list(envelopes)
        self.taken: list[int] = []
        self.settled: dict[int, Outcome] = {}
        self.kept_back: set[int] = set()  # that may not go once they were taken

    async def take(self, wait: bool = True) -> Envelope | None:
        if not self.waiting:
            return None
        taken = self.waiting.pop(0)
        self.taken.append(taken.key[1])
        return taken

    async def may_end(self, envelope: Envelope) -> bool:
        return envelope.key[1] not in self.kept_back

    def settle(self, envelope: Envelope, outcome: Outcome) -> Awaitable[object]:
        assert envelope.key[1] not in self.settled, "settled twice"
        self.settled[envelope.key[1]] = outcome
        recorded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(recorded.set_result, None)
        return recorded

    @property
    def verdicts(self) -> dict[int, Verdict]:
        return {number: outcome.verdict for number, outcome in self.settled.items()}
