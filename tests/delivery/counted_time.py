"""A loop whose clock counts timers instead of waiting for them: ten minutes take no time."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any


class CountedTime(asyncio.SelectorEventLoop):
    """Its clock stands still while there is something to do, and jumps to the next timer
    once nothing has come over the network for ``patience`` (real) seconds."""

    def __init__(self, patience: float = 0.0) -> None:
        self._now = 1000.0
        super().__init__(_Jumping(self._advance, patience))

    def time(self) -> float:
        return self._now

    def _advance(self, seconds: float) -> None:
        self._now += seconds


class _Jumping(selectors.DefaultSelector):
    def __init__(self, advance: Callable[[float], None], patience: float) -> None:
        super().__init__()
        self._advance = advance
        self._patience = patience

    def select(self, timeout: float | None = None) -> Any:
        patience = self._patience if timeout is None else min(timeout, self._patience)
        ready = super().select(patience)
        if timeout and not ready:
            self._advance(timeout)
        return ready
