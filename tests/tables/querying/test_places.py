"""Places: so many at a time, so many who wait, and nobody else."""

import threading
from contextlib import ExitStack

import pytest

from newsletter.errors import Busy
from newsletter.tables.querying.places import Places
from tests.waiting import wait_until


def test_a_place_is_there_again_once_it_is_left() -> None:
    places = Places(1, queue=0, patience=0, sentence="Later.")
    for _ in range(3):
        with places.one():
            pass
    with pytest.raises(ZeroDivisionError), places.one():
        _ = 1 / 0
    with places.one(), pytest.raises(Busy, match="Later") as refused, places.one():
        pytest.fail("a second one had a place")
    assert refused.value.retry_after > 0


def test_who_waits_is_next_and_who_finds_a_queue_goes() -> None:
    places, entered = Places(1, queue=1, patience=60, sentence="Later."), threading.Event()

    def wait() -> None:
        with places.one():
            entered.set()

    def is_full() -> bool:
        try:
            places.refuse_when_full()
        except Busy:
            return True
        return False

    thread = threading.Thread(target=wait)
    with ExitStack() as first:
        first.enter_context(places.one())
        thread.start()
        wait_until(is_full)
        with pytest.raises(Busy), places.one():
            pytest.fail("a third one had a place")
        assert not entered.is_set()
    assert entered.wait(60)
    thread.join(60)
    assert not is_full()
