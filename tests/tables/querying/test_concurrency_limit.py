"""A limit: so many at a time, so many who wait, and nobody else."""

import threading
from contextlib import ExitStack

import pytest

from newsletter.errors import Busy
from newsletter.tables.querying.concurrency_limit import ConcurrencyLimit
from tests.waiting import wait_until


def test_a_place_is_there_again_once_it_is_left() -> None:
    limit = ConcurrencyLimit(1, queue=0, patience=0, sentence="Later.")
    for _ in range(3):
        with limit.entered():
            pass
    with pytest.raises(ZeroDivisionError), limit.entered():
        _ = 1 / 0
    with limit.entered(), pytest.raises(Busy, match="Later") as refused, limit.entered():
        pytest.fail("a second one had a place")
    assert refused.value.retry_after > 0


def test_who_waits_is_next_and_who_finds_a_queue_goes() -> None:
    limit, entered = ConcurrencyLimit(1, queue=1, patience=60, sentence="Later."), threading.Event()

    def wait() -> None:
        with limit.entered():
            entered.set()

    def is_full() -> bool:
        try:
            limit.refuse_when_full()
        except Busy:
            return True
        return False

    thread = threading.Thread(target=wait)
    with ExitStack() as first:
        first.enter_context(limit.entered())
        thread.start()
        wait_until(is_full)
        with pytest.raises(Busy), limit.entered():
            pytest.fail("a third one had a place")
        assert not entered.is_set()
    assert entered.wait(60)
    thread.join(60)
    assert not is_full()
