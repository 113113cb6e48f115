import os
import threading
from collections.abc import Iterator

import pytest

from newsletter.host.low_priority import LowPriorityThreads


@pytest.fixture
def threads() -> Iterator[LowPriorityThreads]:
    opened = LowPriorityThreads(1)
    yield opened
    opened.close()


def policy() -> int:
    return os.sched_getscheduler(threading.get_native_id())


def test_they_give_way_and_whoever_asks_does_not(threads: LowPriorityThreads) -> None:
    before = policy()
    assert threads.run(policy) == os.SCHED_IDLE != before
    assert policy() == before


def test_what_is_raised_is_raised_to_who_asked(threads: LowPriorityThreads) -> None:
    with pytest.raises(ZeroDivisionError):
        threads.run(lambda: 1 // 0)
    assert threads.run(max, 1, 2) == 2
