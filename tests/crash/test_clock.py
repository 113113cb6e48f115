"""The clock is set back or forward by an hour while an issue is sent."""

from datetime import timedelta

import pytest

from tests.crash.stand import Stand
from tests.crash.worker import Point, Shift, Trap

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("by", [-HOUR, HOUR], ids=["back", "forward"])
def test_nobody_is_lost_or_doubled_when_the_clock_is_set_mid_send(
    stand: Stand, by: timedelta
) -> None:
    stand.new_list(300, connections=4)
    with stand.working(Shift(by, claim=3)) as worker:
        assert worker.wait() == 0
    with stand.working() as worker:  # what was not yet due by the shifted clock
        assert worker.wait() == 0
    assert stand.tally().wrong == ()


@pytest.mark.parametrize("by", [-HOUR, HOUR], ids=["back", "forward"])
def test_nobody_is_lost_when_it_is_set_between_a_killed_worker_and_the_next(
    stand: Stand, by: timedelta
) -> None:
    stand.new_list(300, connections=4)
    with stand.working(Trap(Point.BEFORE_SETTLE, 10)) as worker:
        assert worker.wait() == -9
    for orders in (Shift(by), None):
        with stand.working(orders) as worker:
            assert worker.wait() == 0
    assert stand.tally(kills=1).wrong == ()
