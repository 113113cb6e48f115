"""Each domain at its own pace: evenly, in order, and none in the way of another."""

from collections import deque
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.sending.domain_throttle import SOON, DomainThrottle
from newsletter.rates import DomainRates

RATES = DomainRates({"slow.example": 5.0, "fast.example": 50.0})


def put(throttle: DomainThrottle[str], domain: str, count: int, now: float = 0.0) -> list[float]:
    """Put so many messages in, named by their number; when those put off are to come again."""
    moments = [throttle.put(f"{domain} {n}", domain, now, is_retry=False) for n in range(count)]
    return [at for at in moments if at is not None]


def popped(
    throttle: DomainThrottle[str], until: float, step: float = 0.01
) -> list[tuple[float, str]]:
    """What comes to its turn, and when, as time goes by."""
    begun = []
    for tick in range(round(until / step) + 1):
        while (message := throttle.pop(tick * step)) is not None:
            begun.append((tick * step, message))
    return begun


def test_only_a_domain_with_a_rate_has_a_queue() -> None:
    throttle = DomainThrottle[str](RATES)
    assert throttle.has("slow.example")
    assert not throttle.has("other.example")
    assert DomainThrottle[str](DomainRates({}, 9.0)).has("other.example")


def test_a_domain_is_begun_evenly_and_in_order() -> None:
    throttle = DomainThrottle[str](RATES)
    put(throttle, "slow.example", 5)
    begun = popped(throttle, 1.0)
    assert [message for _, message in begun] == [f"slow.example {n}" for n in range(5)]
    assert all(
        later - earlier == pytest.approx(0.2, abs=0.011)
        for (earlier, _), (later, _) in pairwise(begun)
    )


def test_a_slow_domain_does_not_hold_another_back() -> None:
    throttle = DomainThrottle[str](RATES)
    put(throttle, "slow.example", 5)
    put(throttle, "fast.example", 50)
    begun = popped(throttle, 0.5)
    assert sum(message.startswith("fast") for _, message in begun) == pytest.approx(25, abs=2)
    assert sum(message.startswith("slow") for _, message in begun) == pytest.approx(3, abs=1)


def test_what_does_not_come_to_its_turn_soon_is_put_off_to_it() -> None:
    throttle = DomainThrottle[str](RATES)
    put_off = put(throttle, "slow.example", 15)
    assert len(throttle) == 5 * SOON
    assert put_off == pytest.approx([SOON + n / 5 for n in range(10)])
    assert throttle.put_off_until == put_off[-1]


def test_what_was_put_off_goes_before_what_was_not() -> None:
    throttle = DomainThrottle[str](RATES)
    last = put(throttle, "slow.example", 15)[-1]
    popped(throttle, 1.0)
    assert throttle.put("new", "slow.example", 1.0, is_retry=False) == pytest.approx(last + 0.2)
    assert throttle.put("again", "slow.example", 1.0, is_retry=True) is None
    assert list(throttle) == ["again"]


def test_a_rate_below_one_a_second_lets_one_wait() -> None:
    throttle = DomainThrottle[str](DomainRates({}, 0.1))
    assert put(throttle, "any.example", 3) == [SOON, SOON + 10]
    assert throttle.pop(0.0) == "any.example 0"
    assert throttle.next_at() is None


def test_a_queue_that_is_emptied_does_not_forget_its_pace() -> None:
    throttle = DomainThrottle[str](RATES)
    put(throttle, "slow.example", 3)
    assert throttle.pop(0.0) == "slow.example 0"
    throttle.clear()
    assert (len(throttle), throttle.next_at(), throttle.pop(9.0)) == (0, None, None)
    throttle.put("other", "slow.example", 0.0, is_retry=False)
    assert throttle.next_at() == pytest.approx(0.2)
    assert throttle.pop(0.1) is None
    assert throttle.pop(0.2) == "other"


def test_what_was_not_used_is_not_saved_up() -> None:
    throttle = DomainThrottle[str](RATES)
    put(throttle, "slow.example", 5)
    assert throttle.pop(60.0) is not None
    assert throttle.pop(60.1) is None


@given(
    st.lists(st.sampled_from(["slow.example", "fast.example"]), max_size=120),
    st.floats(0.01, 0.5),
)
def test_a_domain_never_goes_faster_than_its_rate_and_none_of_its_messages_is_lost(
    domains: list[str], step: float
) -> None:
    throttle = DomainThrottle[tuple[str, int]](RATES)
    # As the ledger would: by the moment that each was put off to, then as they came.
    ledger = deque((0.0, n, domain, False) for n, domain in enumerate(domains))
    begun: dict[str, list[float]] = {"slow.example": [], "fast.example": []}
    seen: set[int] = set()
    now = 0.0
    while len(seen) < len(domains):
        assert now < 600
        due = [row for row in sorted(ledger) if row[0] <= now]
        for row in due:
            ledger.remove(row)
            _, n, domain, again = row
            if (at := throttle.put((domain, n), domain, now, again)) is not None:
                ledger.append((at, n, domain, True))
        while (message := throttle.pop(now)) is not None:
            begun[message[0]].append(now)
            seen.add(message[1])
        now += step
    for domain, moments in begun.items():
        gap = 1 / RATES.named[domain]
        assert all(later - earlier >= gap * 0.999 for earlier, later in pairwise(moments))
