"""Messages begin evenly, as many a second as were allowed. Time here is a count, not a wait."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from newsletter.delivery.pace import Pace


class CountedTime(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        self._now = 1000.0
        super().__init__(_Jumping(self._advance))

    def time(self) -> float:
        return self._now

    def _advance(self, seconds: float) -> None:
        self._now += seconds


class _Jumping(selectors.DefaultSelector):
    def __init__(self, advance: Callable[[float], None]) -> None:
        super().__init__()
        self._advance = advance

    def select(self, timeout: float | None = None) -> Any:
        if timeout:
            self._advance(timeout)
        return super().select(0)


def run(work: Coroutine[Any, Any, list[float]]) -> list[float]:
    with asyncio.Runner(loop_factory=CountedTime) as runner:
        return runner.run(work)


async def turns(pace: Pace, count: int, workers: int = 1) -> list[float]:
    """When each of ``count`` turns came, shared by so many connections."""
    loop = asyncio.get_running_loop()
    began, moments = loop.time(), []

    async def work() -> None:
        for _ in range(count // workers):
            await pace.turn()
            moments.append(loop.time() - began)

    await asyncio.gather(*(work() for _ in range(workers)))
    return moments


@pytest.mark.parametrize("workers", [1, 8])
def test_turns_are_evenly_spaced_however_many_ask(workers: int) -> None:
    moments = run(turns(Pace(10.0), 80, workers))
    assert moments[0] == 0
    assert moments[-1] == pytest.approx(7.9, abs=0.05)
    assert min(later - earlier for earlier, later in pairwise(moments)) == pytest.approx(
        0.1, abs=0.01
    )


def test_without_a_rate_nobody_waits() -> None:
    assert set(run(turns(Pace(None), 1000))) == {0.0}


def test_what_was_not_used_is_not_saved_up() -> None:
    async def after_a_rest() -> list[float]:
        pace = Pace(10.0)
        await pace.turn()
        await asyncio.sleep(60)
        return await turns(pace, 5)

    moments = run(after_a_rest())
    assert moments[1] - moments[0] == pytest.approx(0.1, abs=0.01)


def test_a_turn_is_free_when_taking_it_would_not_wait() -> None:
    async def looks() -> list[float]:
        pace = Pace(10.0)
        seen = [pace.is_free]
        await pace.turn()
        seen.append(pace.is_free)
        await asyncio.sleep(0.2)
        return [float(free) for free in (*seen, pace.is_free)]

    assert run(looks()) == [True, False, True]


def test_without_a_rate_a_turn_is_always_free() -> None:
    pace = Pace(None)
    assert pace.is_free
