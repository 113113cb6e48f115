"""How fast: messages a second, as an even spacing, and a pause after "too fast"."""

import asyncio
from datetime import timedelta

THROTTLED_FOR = timedelta(minutes=10)


class RateLimiter:
    """Hands out moments to send at, ``per_second`` apart (None: at once)."""

    def __init__(self, per_second: float | None) -> None:
        self._gap = 1 / per_second if per_second else 0.0
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the next free moment, and take it."""
        if not self._gap:
            return
        now = asyncio.get_running_loop().time()
        moment = max(self._next, now)
        self._next = moment + self._gap
        if moment > now:
            await asyncio.sleep(moment - now)

    @property
    def is_free(self) -> bool:
        """Whether a turn taken now would not wait."""
        return not self._gap or self._next <= asyncio.get_running_loop().time()
