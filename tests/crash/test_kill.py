"""kill -9 of a worker at each point of its way: the short form of `make crash`."""

import pytest

from tests.crash.runs import plan_at, run
from tests.crash.stand import Stand
from tests.crash.worker import Point

RUNS = 2


@pytest.mark.parametrize("point", Point)
def test_nobody_is_lost_and_at_most_one_is_doubled_a_connection(stand: Stand, point: Point) -> None:
    for seed in range(RUNS):
        result = run(stand, plan_at(point, seed))
        assert result.tally.wrong == (), result.plan
        assert result.killed == 1 or point is Point.ANY_TIME
