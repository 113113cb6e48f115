"""How fast to each domain: a queue for each that has a rate, so that none holds others back.

What comes to its turn soon waits in its queue; what does not is to be put off
until then, in the ledger, and makes room for what can go. Pure: a moment is a
count of seconds, on a clock that only goes forward.
"""

from collections import deque
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

from newsletter.rates import DomainRates

T = TypeVar("T")
SOON = 1.0  # seconds


class DomainThrottle(Generic[T]):
    """Messages that wait until their domain is free, evenly spaced as its rate says."""

    def __init__(self, rates: DomainRates) -> None:
        self._rates = rates
        self._waiting: dict[str, deque[T]] = {}
        self._heads: list[tuple[float, str]] = []  # a heap: when each of those is free
        self._free_at: dict[str, float] = {}
        self._put_off: dict[str, float] = {}  # until when places are given away
        self.put_off_until = 0.0  # the latest of these

    def __iter__(self) -> Iterator[T]:
        for queue in self._waiting.values():
            yield from queue

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def has(self, domain: str) -> bool:
        """Whether the domain has a rate."""
        return self._rates.of(domain) is not None

    def put(self, message: T, domain: str, now: float, is_retry: bool) -> float | None:
        """Let a message wait in the queue of its domain, which has one. None: it does;
        otherwise the moment to come again at: until then others are before it.

        ``is_retry``: it had been put off before, so that it goes before those that had not.
        """
        rate = self._rates.of(domain)
        assert rate is not None  # noqa: S101
        queue = self._waiting.get(domain, ())
        is_overtaking = not is_retry and self._put_off.get(domain, now) > now + SOON
        if len(queue) < max(1.0, rate * SOON) and not is_overtaking:
            self._enqueue(message, domain, now)
            return None
        at = max(self._put_off.get(domain, now), now + SOON)
        self._put_off[domain] = at + 1 / rate
        self.put_off_until = max(self.put_off_until, at)
        return at

    def pop(self, now: float) -> T | None:
        """A message whose turn has come; the next of its domain has to wait. None: none."""
        if not self._heads or self._heads[0][0] > now:
            return None
        _, domain = heappop(self._heads)
        queue = self._waiting[domain]
        message = queue.popleft()
        rate = self._rates.of(domain)
        assert rate is not None  # noqa: S101
        self._free_at[domain] = now + 1 / rate
        if queue:
            heappush(self._heads, (self._free_at[domain], domain))
        else:
            del self._waiting[domain]
        return message

    def next_at(self) -> float | None:
        """When the next message comes to its turn; None: none waits."""
        return self._heads[0][0] if self._heads else None

    def drop(self, is_unwanted: Callable[[T], bool]) -> list[T]:
        """Let those wait no more; returns them."""
        dropped: list[T] = []
        for domain, queue in list(self._waiting.items()):
            unwanted = [message for message in queue if is_unwanted(message)]
            dropped += unwanted
            for message in unwanted:
                queue.remove(message)
            if not queue:
                del self._waiting[domain]
        self._heads = [head for head in self._heads if head[1] in self._waiting]
        heapify(self._heads)
        return dropped

    def clear(self) -> None:
        """Let nothing wait. How soon a domain is free again stays as it is."""
        self._waiting.clear()
        self._heads.clear()

    def _enqueue(self, message: T, domain: str, now: float) -> None:
        queue = self._waiting.setdefault(domain, deque())
        if not queue:
            heappush(self._heads, (max(self._free_at.get(domain, now), now), domain))
        queue.append(message)
