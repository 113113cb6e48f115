"""How far this machine's clock is from the database server's."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from newsletter.db import Database
from newsletter.heartbeats.clock_reading import ClockReading, how_far_ahead, measure

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "doubt", "is_wrong"),
    [
        (1.9, 0.0, False),
        (2.1, 0.0, True),
        (-2.1, 0.0, True),
        (-1.9, 0.0, False),
        (10.0, 9.0, False),  # the answer took 18 s: nothing is known
        (150.0, 1.0, True),
    ],
)
def test_two_seconds_are_told_of_if_the_answer_was_quick(
    ahead: float, doubt: float, is_wrong: bool
) -> None:
    reading = ClockReading(NOON, NOON + timedelta(seconds=ahead), doubt, 0.0)
    assert reading.ahead == pytest.approx(ahead)
    assert reading.is_wrong is is_wrong


@pytest.mark.parametrize("ahead", [150, -150])
def test_a_clock_that_is_off_is_measured(db: Database, ahead: int) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead)):
        reading = measure(db)
    if db.is_sqlite:
        assert reading is None
        return
    assert reading is not None
    assert abs(reading.ahead - ahead) <= reading.doubt + 0.1
    assert reading.is_wrong


def test_a_difference_is_said_in_words() -> None:
    assert how_far_ahead(150.2).startswith("is 150 s ahead of the database server's")
    assert how_far_ahead(-3.0).startswith("is 3 s behind the database server's")
