"""Each domain at its own pace: evenly, in order, and none in the way of another."""

from collections import deque
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.sending.domain_throttle import SOON, Lanes
from newsletter.rates import DomainRates

RATES = DomainRates({"slow.example": 5.0, "fast.example": 50.0})


def put(lanes: Lanes[str], domain: str, count: int, now: float = 0.0) -> list[float]:
    """Put so many messages in, named by their number; when those put off are to come again."""
    moments = [lanes.put(f"{domain} {n}", domain, now, is_retry=False) for n in range(count)]
    return [at for at in moments if at is not None]


def popped(lanes: Lanes[str], until: float, step: float = 0.01) -> list[tuple[float, str]]:
    """What comes to its turn, and when, as time goes by."""
    found = []
    for tick in range(round(until / step) + 1):
        while (message := lanes.pop(tick * step)) is not None:
            found.append((tick * step, message))
    return found


def test_only_a_domain_with_a_rate_has_a_lane() -> None:
    lanes = Lanes[str](RATES)
    assert lanes.has("slow.example")
    assert not lanes.has("other.example")
    assert Lanes[str](DomainRates({}, 9.0)).has("other.example")


def test_a_domain_is_begun_evenly_and_in_order() -> None:
    lanes = Lanes[str](RATES)
    put(lanes, "slow.example", 5)
    found = popped(lanes, 1.0)
    assert [message for _, message in found] == [f"slow.example {n}" for n in range(5)]
    assert all(
        later - earlier == pytest.approx(0.2, abs=0.011)
        for (earlier, _), (later, _) in pairwise(found)
    )


def test_a_slow_domain_does_not_hold_another_back() -> None:
    lanes = Lanes[str](RATES)
    put(lanes, "slow.example", 5)
    put(lanes, "fast.example", 50)
    found = popped(lanes, 0.5)
    assert sum(message.startswith("fast") for _, message in found) == pytest.approx(25, abs=2)
    assert sum(message.startswith("slow") for _, message in found) == pytest.approx(3, abs=1)


def test_what_does_not_come_to_its_turn_soon_is_put_off_to_it() -> None:
    lanes = Lanes[str](RATES)
    put_off = put(lanes, "slow.example", 15)
    assert len(lanes) == 5 * SOON
    assert put_off == pytest.approx([SOON + n / 5 for n in range(10)])
    assert lanes.put_off_until == put_off[-1]


def test_what_was_put_off_goes_before_what_was_not() -> None:
    lanes = Lanes[str](RATES)
    last = put(lanes, "slow.example", 15)[-1]
    popped(lanes, 1.0)
    assert lanes.put("new", "slow.example", 1.0, is_retry=False) == pytest.approx(last + 0.2)
    assert lanes.put("again", "slow.example", 1.0, is_retry=True) is None
    assert list(lanes) == ["again"]


def test_a_rate_below_one_a_second_lets_one_wait() -> None:
    lanes = Lanes[str](DomainRates({}, 0.1))
    assert put(lanes, "any.example", 3) == [SOON, SOON + 10]
    assert lanes.pop(0.0) == "any.example 0"
    assert lanes.next_at() is None


def test_a_lane_that_is_emptied_does_not_forget_its_pace() -> None:
    lanes = Lanes[str](RATES)
    put(lanes, "slow.example", 3)
    assert lanes.pop(0.0) == "slow.example 0"
    lanes.clear()
    assert (len(lanes), lanes.next_at(), lanes.pop(9.0)) == (0, None, None)
    lanes.put("other", "slow.example", 0.0, is_retry=False)
    assert lanes.next_at() == pytest.approx(0.2)
    assert lanes.pop(0.1) is None
    assert lanes.pop(0.2) == "other"


def test_what_was_not_used_is_not_saved_up() -> None:
    lanes = Lanes[str](RATES)
    put(lanes, "slow.example", 5)
    assert lanes.pop(60.0) is not None
    assert lanes.pop(60.1) is None


@given(
    st.lists(st.sampled_from(["slow.example", "fast.example"]), max_size=120),
    st.floats(0.01, 0.5),
)
def test_a_domain_never_goes_faster_than_its_rate_and_none_of_its_messages_is_lost(
    domains: list[str], step: float
) -> None:
    lanes = Lanes[tuple[str, int]](RATES)
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
            if (at := lanes.put((domain, n), domain, now, again)) is not None:
                ledger.append((at, n, domain, True))
        while (message := lanes.pop(now)) is not None:
            begun[message[0]].append(now)
            seen.add(message[1])
        now += step
    for domain, moments in begun.items():
        gap = 1 / RATES.named[domain]
        assert all(later - earlier >= gap * 0.999 for earlier, later in pairwise(moments))
