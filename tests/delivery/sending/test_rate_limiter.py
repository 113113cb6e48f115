"""Messages begin evenly, as many a second as were allowed. Time here is a count, not a wait."""

import asyncio
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

import pytest

from newsletter.delivery.sending.rate_limiter import RateLimiter
from tests.delivery.counted_time import CountedTime


def run(work: Coroutine[Any, Any, list[float]]) -> list[float]:
    with asyncio.Runner(loop_factory=CountedTime) as runner:
        return runner.run(work)


async def turns(limiter: RateLimiter, count: int, workers: int = 1) -> list[float]:
    """When each of ``count`` turns came, shared by so many connections."""
    loop = asyncio.get_running_loop()
    began, moments = loop.time(), []

    async def work() -> None:
        for _ in range(count // workers):
            await limiter.turn()
            moments.append(loop.time() - began)

    await asyncio.gather(*(work() for _ in range(workers)))
    return moments


@pytest.mark.parametrize("workers", [1, 8])
def test_turns_are_evenly_spaced_however_many_ask(workers: int) -> None:
    moments = run(turns(RateLimiter(10.0), 80, workers))
    assert moments[0] == 0
    assert moments[-1] == pytest.approx(7.9, abs=0.05)
    assert min(later - earlier for earlier, later in pairwise(moments)) == pytest.approx(
        0.1, abs=0.01
    )


def test_without_a_rate_nobody_waits() -> None:
    assert set(run(turns(RateLimiter(None), 1000))) == {0.0}


def test_what_was_not_used_is_not_saved_up() -> None:
    async def after_a_rest() -> list[float]:
        limiter = RateLimiter(10.0)
        await limiter.turn()
        await asyncio.sleep(60)
        return await turns(limiter, 5)

    moments = run(after_a_rest())
    assert moments[1] - moments[0] == pytest.approx(0.1, abs=0.01)


def test_a_turn_is_free_when_taking_it_would_not_wait() -> None:
    async def looks() -> list[float]:
        limiter = RateLimiter(10.0)
        seen = [limiter.is_free]
        await limiter.turn()
        seen.append(limiter.is_free)
        await asyncio.sleep(0.2)
        return [float(free) for free in (*seen, limiter.is_free)]

    assert run(looks()) == [True, False, True]


def test_without_a_rate_a_turn_is_always_free() -> None:
    limiter = RateLimiter(None)
    assert limiter.is_free
