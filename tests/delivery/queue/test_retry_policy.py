"""What follows from each outcome: the reply policy as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.delivery.queue.retry_policy import GIVE_UP_AFTER, Settlement, settle
from newsletter.models.delivery import DeliveryState
from newsletter.transports.base import Outcome, Verdict

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def settled(verdict: Verdict, attempts: int = 0, waited: timedelta = timedelta(0)) -> Settlement:
    return settle(7, Outcome(verdict, "the reply"), attempts, NOW - waited, NOW)


@pytest.mark.parametrize(
    ("verdict", "state", "again", "tried"),
    [
        (Verdict.SENT, DeliveryState.SENT, None, True),
        (Verdict.UNKNOWN, DeliveryState.UNKNOWN, NOW + 10 * MINUTE, True),
        (Verdict.DEFERRED, DeliveryState.PENDING, NOW + 5 * MINUTE, True),
        (Verdict.FULL, DeliveryState.PENDING, NOW + 5 * MINUTE, True),
        (Verdict.NO_SUCH_ADDRESS, DeliveryState.FAILED, None, True),
        (Verdict.REJECTED, DeliveryState.FAILED, None, True),
        (Verdict.REQUEUED, DeliveryState.PENDING, NOW, False),
        (Verdict.THROTTLED, DeliveryState.PENDING, NOW, False),
        (Verdict.BLOCKED, DeliveryState.PENDING, NOW, False),
    ],
)
def test_each_verdict_has_its_state_and_its_next_try(
    verdict: Verdict, state: DeliveryState, again: datetime | None, tried: bool
) -> None:
    assert settled(verdict) == Settlement(7, state, again, tried, verdict.value, "the reply")


def test_no_verdict_is_without_a_settlement() -> None:
    assert {settled(verdict).reason for verdict in Verdict} == set(Verdict)


@pytest.mark.parametrize("verdict", [Verdict.DEFERRED, Verdict.FULL])
def test_a_retry_comes_first_after_5_minutes_and_then_after_30_and_more(verdict: Verdict) -> None:
    waits = []
    for attempts in range(10):
        again = settled(verdict, attempts).not_before
        assert again is not None
        waits.append(again - NOW)
    assert waits[:2] == [5 * MINUTE, 30 * MINUTE]
    assert waits == sorted(waits)
    assert waits[-1] == 8 * HOUR


@pytest.mark.parametrize("verdict", [Verdict.DEFERRED, Verdict.FULL])
def test_it_gives_up_before_the_next_issue(verdict: Verdict) -> None:
    assert timedelta(days=7) > GIVE_UP_AFTER
    in_time, too_late = GIVE_UP_AFTER - 8 * HOUR, GIVE_UP_AFTER - 8 * HOUR + MINUTE
    assert settled(verdict, 9, in_time).state is DeliveryState.PENDING
    assert settled(verdict, 9, too_late).state is DeliveryState.FAILED
    assert settled(verdict, 9, too_late).not_before is None


def test_what_is_deferred_for_ever_is_tried_for_six_days_and_then_failed() -> None:
    now, attempts = NOW, 0
    while True:
        outcome = settle(7, Outcome(Verdict.DEFERRED), attempts, NOW, now)
        if outcome.not_before is None:
            break
        now, attempts = outcome.not_before, attempts + 1
    assert outcome.state is DeliveryState.FAILED
    assert timedelta(days=5) < now - NOW <= GIVE_UP_AFTER
    assert 15 < attempts < 30


def test_an_unknown_outcome_is_tried_again_twice_and_then_stays_unknown() -> None:
    assert [settled(Verdict.UNKNOWN, attempts).not_before for attempts in range(4)] == [
        NOW + 10 * MINUTE,
        NOW + 10 * MINUTE,
        None,
        None,
    ]
    assert settled(Verdict.UNKNOWN, 9).state is DeliveryState.UNKNOWN


@pytest.mark.parametrize("verdict", [Verdict.REQUEUED, Verdict.THROTTLED, Verdict.BLOCKED])
def test_what_was_not_the_recipients_fault_never_makes_it_give_up(verdict: Verdict) -> None:
    assert settled(verdict, 9, timedelta(days=30)).state is DeliveryState.PENDING


def test_a_reply_is_kept_but_not_without_end() -> None:
    outcome = Outcome(Verdict.REJECTED, "x" * 10_000)
    assert len(settle(7, outcome, 0, NOW, NOW).reply) == 500


@pytest.mark.parametrize(
    "verdict", [Verdict.DEFERRED, Verdict.FULL, Verdict.REQUEUED, Verdict.THROTTLED]
)
def test_what_may_have_been_sent_stays_unknown_until_a_server_says_otherwise(
    verdict: Verdict,
) -> None:
    def state(verdict: Verdict, since: datetime) -> DeliveryState:
        return settle(1, Outcome(verdict), 1, since, NOW, DeliveryState.UNKNOWN).state

    assert state(verdict, NOW) is DeliveryState.UNKNOWN
    assert state(verdict, NOW - timedelta(days=30)) is DeliveryState.UNKNOWN
    assert state(Verdict.SENT, NOW) is DeliveryState.SENT
    assert state(Verdict.NO_SUCH_ADDRESS, NOW) is DeliveryState.FAILED


@pytest.mark.parametrize(
    "verdict", [Verdict.DEFERRED, Verdict.FULL, Verdict.REQUEUED, Verdict.THROTTLED]
)
@pytest.mark.parametrize(
    ("wait", "waited"),
    [(timedelta(0), timedelta(0)), (7 * MINUTE, 7 * MINUTE), (24 * HOUR, HOUR)],
)
def test_what_the_other_side_asks_for_is_waited_within_reason(
    verdict: Verdict, wait: timedelta, waited: timedelta
) -> None:
    outcome = Outcome(verdict, retry_after=wait)
    assert settle(1, outcome, 0, NOW, NOW).not_before == NOW + waited


@pytest.mark.parametrize("verdict", [Verdict.SENT, Verdict.REJECTED, Verdict.BLOCKED])
def test_to_what_is_over_or_waits_for_us_it_does_not_matter(verdict: Verdict) -> None:
    with_wait, without = Outcome(verdict, retry_after=HOUR), Outcome(verdict)
    assert settle(1, with_wait, 0, NOW, NOW) == settle(1, without, 0, NOW, NOW)
