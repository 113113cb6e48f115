from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from newsletter.catalog.checks.findings import Weight
from newsletter.catalog.checks.sources import Memory, remembered, source_findings
from newsletter.fetching.http_exchange import Validators
from newsletter.fetching.source_probe import Answer, State

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
WEEK = timedelta(weeks=1)
BEFORE, AFTER = "Sun, 01 Nov 2026 08:00:00 GMT", "Fri, 20 Nov 2026 08:00:00 GMT"
THEN = Memory("2026-11-02")


def told(memory: Memory, answer: Answer, now: datetime = NOW) -> list[tuple[Weight, str]]:
    found = source_findings("birds", "https://a.example/b", memory, answer, now)
    return [(f.weight, f.sentence.removeprefix("https://a.example/b: ")) for f in found]


def there(etag: str | None = None, modified: str | None = None, **values: Any) -> Answer:
    return Answer(State.THERE, validators=Validators(etag, modified), **values)


def test_what_is_there_as_it_was_says_nothing() -> None:
    memory = remembered(THEN, there('"v1"', BEFORE), NOW)
    assert (memory.etag, memory.last_modified) == ('"v1"', BEFORE)
    assert told(memory, there('"v1"', BEFORE)) == []
    assert told(memory, there(not_modified=True)) == []
    assert told(memory, there('W/"v1"')) == []


@pytest.mark.parametrize("state", [State.GONE, State.NO_HOST])
def test_what_is_gone_is_wrong_at_once(state: State) -> None:
    assert told(THEN, Answer(state, "Gone.")) == [(Weight.WRONG, "Gone.")]


def test_silence_is_told_in_the_second_week_and_forgotten_when_it_ends() -> None:
    silent = Answer(State.SILENT, "Silent.")
    assert told(THEN, silent)[0][0] is Weight.ASIDE
    memory = remembered(THEN, silent, NOW)
    memory = remembered(memory, silent, NOW + timedelta(days=2))  # the first day counts
    assert told(memory, silent, NOW + timedelta(days=2))[0][0] is Weight.ASIDE
    assert told(memory, silent, NOW + WEEK) == [
        (Weight.WRONG, "not reachable since 2026-11-24. Silent.")
    ]
    memory = remembered(memory, there(), NOW + WEEK)
    assert told(memory, silent, NOW + 2 * WEEK)[0][0] is Weight.ASIDE


def test_silence_that_a_wrong_clock_noted_counts_from_now() -> None:
    silent = Answer(State.SILENT, "Silent.")
    memory = remembered(THEN, silent, NOW + 60 * WEEK)
    assert told(memory, silent, NOW)[0][0] is Weight.ASIDE
    memory = remembered(memory, silent, NOW)
    assert told(memory, silent, NOW + WEEK)[0][0] is Weight.WRONG


def test_a_door_that_is_closed_to_programs_is_never_mailed() -> None:
    closed = Answer(State.CLOSED, "403")
    memory = remembered(THEN, closed, NOW)
    assert told(memory, closed, NOW + 3 * WEEK) == [(Weight.ASIDE, "403")]


def test_a_new_address_is_proposed() -> None:
    ((weight, sentence),) = told(THEN, Answer(State.THERE, moved_to="https://b.example/"))
    assert weight is Weight.NOTE
    assert sentence.endswith("write https://b.example/")


def test_what_was_changed_after_it_was_retrieved_is_told_until_it_is_retrieved_again() -> None:
    ((weight, sentence),) = told(THEN, there(modified=AFTER))
    assert weight is Weight.NOTE
    assert "changed since it was retrieved (2026-11-02)" in sentence
    memory = remembered(THEN, there('"v2"', AFTER), NOW)
    assert len(told(memory, there(not_modified=True))) == 1
    again = Memory.of(memory.kept(), date(2026, 11, 24))
    assert told(again, there('"v2"', AFTER)) == []


def test_another_etag_is_a_change_where_no_date_says_otherwise() -> None:
    memory = remembered(THEN, there('"v1"'), NOW)
    assert len(told(memory, there('"v2"'))) == 1
    memory = remembered(memory, there('"v2"'), NOW)
    assert len(told(memory, there('"v2"'))) == 1  # next week still
    dated = remembered(THEN, there('"v1"', BEFORE), NOW)
    assert told(dated, there('"from another server of theirs"', BEFORE)) == []


def test_of_a_page_an_etag_says_nothing() -> None:
    memory = remembered(THEN, there('"v1"', is_page=True), NOW)
    assert memory.etag is None
    assert told(memory, there('"v2"', AFTER, is_page=True)) == []


def test_it_is_known_again_from_what_is_kept() -> None:
    memory = Memory("2026-11-02", '"v1"', BEFORE, NOW.isoformat())
    assert Memory.of(memory.kept(), date(2026, 11, 2)) == memory
    assert Memory.of(memory.kept(), date(2026, 11, 9)) == Memory(
        "2026-11-09", silent_since=NOW.isoformat()
    )
    assert Memory.of(None, date(2026, 11, 2)) == THEN
