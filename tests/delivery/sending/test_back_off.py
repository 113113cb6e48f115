"""How long the sender waits after setbacks, and with how many connections it begins again."""

import pytest

from newsletter.delivery.sending.back_off import FIRST_WAIT, LONGEST_WAIT, BackOff


def test_without_a_setback_nothing_is_waited_for() -> None:
    back_off = BackOff(4)
    assert (back_off.remaining(0.0), back_off.connections, back_off.failures_in_row) == (0, 4, 0)


def test_each_failure_in_a_row_doubles_the_wait_up_to_the_longest() -> None:
    back_off, now = BackOff(4), 100.0
    waits = []
    for _ in range(9):
        back_off.fail(now)
        waits.append(back_off.remaining(now))
        now += waits[-1]
    assert waits == [FIRST_WAIT, 2, 4, 8, 16, 32, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT]
    assert back_off.remaining(now) == 0


def test_a_success_begins_the_waits_anew() -> None:
    back_off = BackOff(4)
    back_off.fail(0.0)
    back_off.fail(1.0)
    back_off.succeed(began=3.0)
    assert back_off.failures_in_row == 0
    back_off.fail(3.0)
    assert back_off.remaining(3.0) == FIRST_WAIT


def test_a_longer_wait_is_not_cut_short_by_another() -> None:
    back_off = BackOff(4)
    back_off.wait(90, now=0.0)
    back_off.wait(5, now=10.0)
    assert back_off.remaining(10.0) == 80


def test_after_too_fast_one_connection_begins_and_each_success_adds_one() -> None:
    back_off = BackOff(3)
    back_off.slow_down(600, now=0.0)
    counts = [back_off.connections]
    for began in (600.0, 601.0, 602.0):
        back_off.succeed(began)
        counts.append(back_off.connections)
    assert counts == [1, 2, 3, 3]


@pytest.mark.parametrize(("began", "connections"), [(599.9, 1), (600.0, 2)])
def test_a_connection_that_is_older_than_the_setback_adds_none(
    began: float, connections: int
) -> None:
    back_off = BackOff(3)
    back_off.slow_down(600, now=0.0)
    back_off.succeed(began)
    assert back_off.connections == connections
