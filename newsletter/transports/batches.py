"""Carrying by batches: take some, hand them over in a thread, settle each, go on.

What every provider's API has in common. A batch is settled, and the settling
awaited, before the next is begun; so a crash can double at most one batch a
connection, which is one message wherever the API takes them one by one.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from newsletter.transports.base import (
    KEPT_BACK,
    Envelope,
    Feed,
    Outcome,
    Unavailable,
    Verdict,
)

BATCH_BYTES = 20 * 2**20  # a batch that has grown to this takes no more
CONNECT_SECONDS = 30.0
ABOUT_THE_RECIPIENT = {
    Verdict.SENT,
    Verdict.DEFERRED,
    Verdict.FULL,
    Verdict.NO_SUCH_ADDRESS,
    Verdict.REJECTED,
}
NO_EAI = Outcome(
    Verdict.REJECTED,
    "the part before the @ is not ASCII, and this mail provider does not take such addresses",
)

HandOver = Callable[[Sequence[Envelope]], Sequence[Outcome]]


async def carry_batches(feed: Feed, size: int, hand_over: HandOver) -> None:
    """Carry until the feed is empty, or an outcome is about us and would be the next one's too.

    ``hand_over`` blocks and runs in a thread of its own; it gives one outcome
    for each envelope, in their order.
    """
    with ThreadPoolExecutor(1, "provider") as thread:
        while batch := await _take(feed, size):
            outcomes = await _handed_over(feed, batch, thread, hand_over)
            if not all(outcome.verdict in ABOUT_THE_RECIPIENT for outcome in outcomes):
                return


async def reach(url: str, who: str) -> None:
    """Whether the host of ``url`` takes connections, asked before anything is taken.

    Raises Unavailable.
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except OSError as error:  # TimeoutError is one
        why = error.strerror or type(error).__name__
        outcome = Outcome(Verdict.REQUEUED, why)
        raise Unavailable(f"{who} cannot be reached: {why}.", outcome) from error
    writer.close()


async def _take(feed: Feed, size: int) -> list[Envelope]:
    """At least one envelope, waited for, and more if they are there; none: the end."""
    batch: list[Envelope] = []
    room = BATCH_BYTES
    try:
        while len(batch) < size and room > 0:
            envelope = await feed.take(wait=not batch)
            if envelope is None:
                break
            if envelope.international:
                await feed.settle(envelope, NO_EAI)
                continue
            batch.append(envelope)
            room -= len(envelope.content)
    except BaseException:
        await _settle(feed, batch, [Outcome(Verdict.REQUEUED, "we were stopped")] * len(batch))
        raise
    return batch


async def _handed_over(
    feed: Feed, batch: Sequence[Envelope], thread: ThreadPoolExecutor, hand_over: HandOver
) -> Sequence[Outcome]:
    """Hand a batch over and settle it, also if we are cancelled meanwhile."""
    batch = await _still_ours(feed, batch)
    if not batch:
        return []
    work = asyncio.get_running_loop().run_in_executor(thread, hand_over, batch)
    try:
        await asyncio.wait([work])
    finally:
        # A thread cannot be cancelled: it is waited for, and what it learnt is recorded.
        await asyncio.wait([work])
        broken = Outcome(Verdict.UNKNOWN, "the transport failed while it handed this over")
        outcomes = [broken] * len(batch) if work.exception() else work.result()
        await _settle(feed, batch, outcomes)
    return work.result()


async def _still_ours(feed: Feed, batch: Sequence[Envelope]) -> Sequence[Envelope]:
    """Those that may be handed over; the others are put back."""
    may_go = [await feed.may_end(envelope) for envelope in batch]
    kept_back = [envelope for envelope, may in zip(batch, may_go, strict=True) if not may]
    await _settle(feed, kept_back, [KEPT_BACK] * len(kept_back))
    return [envelope for envelope, may in zip(batch, may_go, strict=True) if may]


async def _settle(feed: Feed, batch: Sequence[Envelope], outcomes: Sequence[Outcome]) -> None:
    pairs = zip(batch, outcomes, strict=True)
    await asyncio.gather(*[feed.settle(envelope, outcome) for envelope, outcome in pairs])
