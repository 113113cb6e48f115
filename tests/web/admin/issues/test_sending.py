"""The page of a send: what matters first, why some did not go out, and trying these again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from newsletter.delivery.issue_run import retry
from newsletter.installation import Installation
from newsletter.models import Delivery, Issue, Subscriber
from newsletter.models.delivery import DeliveryState
from newsletter.models.issue import IssueState
from newsletter.models.subscriber import Status
from tests import factories
from tests.web.admin.conftest import CURATOR, Browser

NOW = datetime(2026, 11, 23, 9, 2, tzinfo=UTC)
PAGE = "/admin/issues/2026-11-23/progress"
RETRY = "/admin/issues/2026-11-23/retry"
FAILED, UNKNOWN, SENT, PENDING = (
    DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.SENT, DeliveryState.PENDING
)  # fmt: skip


@pytest.fixture(autouse=True)
def on_monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def under_way(installation: Installation, curator: Browser) -> Browser:
    """A curator, and an issue of seven readers two minutes after it began."""
    ends = [
        (SENT, "sent", None),
        (SENT, "sent", None),
        (FAILED, "rejected", None),
        (FAILED, "dead", None),
        (UNKNOWN, "unknown", None),
        (PENDING, "deferred", NOW + timedelta(minutes=28)),
        (PENDING, None, NOW),
    ]
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        issue = factories.issue(
            session, version, state=IssueState.SENDING, candidates=len(ends), message=b""
        )
        for number, (state, reason, again_at) in enumerate(ends):
            reader = factories.subscriber(
                session, installation.signer, f"reader{number}@example.org"
            )
            session.add(
                Delivery(
                    issue_id=issue.id, subscriber_id=reader.id, state=state, reason=reason,
                    not_before=again_at, settled_at=NOW - timedelta(seconds=5) if reason else None,
                    reply=f"<b>{reason}</b>" if reason else None,
                )
            )  # fmt: skip
    return curator


def change(installation: Installation, **values: object) -> None:
    with installation.db.write() as session:
        issue = session.scalars(select(Issue)).one()
        for name, value in values.items():
            setattr(issue, name, value)


def states(installation: Installation, reason: str) -> list[DeliveryState]:
    with installation.db.read() as session:
        return list(session.scalars(select(Delivery.state).where(Delivery.reason == reason)))


def test_the_page_says_how_far_how_fast_and_when_next(under_way: Browser) -> None:
    page = under_way.get(PAGE).text
    assert "<strong>5</strong> of 7" in page
    assert "71 %" in page
    assert "a second over the last minute" in page
    assert "<strong>about 28 minutes</strong> left" in page
    assert "1 waits, next try at <strong>09:30</strong>" in page
    assert "tried again at 09:30" in page
    assert "never: the address is suppressed" in page
    assert "&lt;b&gt;rejected&lt;/b&gt;" in page


def test_what_matters_comes_first(under_way: Browser) -> None:
    page = under_way.get(PAGE).text
    parts = ["Pause", "a second over", "What did not go out", "Retry", "The latest"]
    places = [page.index(part) for part in parts]
    assert places == sorted(places)


def test_a_button_stands_beside_each_reason_that_can_be_tried_again(under_way: Browser) -> None:
    page = under_way.get(PAGE).text
    assert f'href="{RETRY}/failed/rejected"' in page
    assert f'href="{RETRY}/unknown/unknown"' in page
    assert page.count(f'href="{RETRY}/') == 2


def test_trying_again_is_asked_for_first(installation: Installation, under_way: Browser) -> None:
    page = under_way.get(f"{RETRY}/failed/rejected").text
    assert "Try 1 delivery again?" in page
    assert "the server refuses this message" in page
    assert f'href="{PAGE}">Not now' in page
    assert "second time" not in page
    assert states(installation, "rejected") == [FAILED]


def test_a_yes_makes_them_pending_and_keeps_a_note(
    installation: Installation, under_way: Browser
) -> None:
    question = f"{RETRY}/failed/rejected"
    answer = under_way.post(question, question)
    assert answer.location == PAGE
    page = under_way.get(PAGE).text
    assert "They are tried again." in page
    assert "Tried again by hand" in page
    assert f"Mon 23 Nov 2026, 09:02, {CURATOR}" in page
    assert "holds: each of the 7 candidates" in page
    assert states(installation, "rejected") == [PENDING]
    assert states(installation, "dead") == [FAILED]


def test_of_the_unknown_it_warns_that_they_may_arrive_twice(
    installation: Installation, under_way: Browser
) -> None:
    question = f"{RETRY}/unknown/unknown"
    assert retry.MAY_ARRIVE_TWICE in under_way.get(question).text
    under_way.post(question, question)
    with installation.db.read() as session:
        due = select(Delivery.not_before).where(Delivery.state == UNKNOWN)
        assert session.scalars(due).all() == [NOW]


def test_a_closed_issue_goes_on(installation: Installation, under_way: Browser) -> None:
    change(installation, state=IssueState.SENT, closed_at=NOW, balance={"holds": True})
    question = f"{RETRY}/failed/rejected"
    under_way.post(question, question)
    with installation.db.read() as session:
        assert session.scalars(select(Issue.state)).one() is IssueState.SENDING


def test_those_who_left_meanwhile_are_not_offered(
    installation: Installation, under_way: Browser
) -> None:
    with installation.db.write() as session:
        for reader in session.scalars(select(Subscriber)):
            reader.status = Status.UNSUBSCRIBED
    question = f"{RETRY}/failed/rejected"
    assert under_way.get(question).location == PAGE
    assert "they have left, or are suppressed" in under_way.get(PAGE).text
    under_way.post(question, PAGE)
    assert "Nothing of the issue" in under_way.get(PAGE).text
    assert states(installation, "rejected") == [FAILED]


def test_a_cancelled_issue_offers_nothing_and_refuses(
    installation: Installation, under_way: Browser
) -> None:
    token = under_way.token(PAGE)
    change(installation, state=IssueState.CANCELLED, closed_at=NOW)
    assert RETRY not in under_way.get(PAGE).text
    under_way.send(f"{RETRY}/failed/rejected", csrf_token=token)
    assert "is cancelled: nothing more of it is sent." in under_way.get(PAGE).text
    assert states(installation, "rejected") == [FAILED]


@pytest.mark.parametrize("state", ["sent", "pending", "excluded", "nonsense"])
def test_only_what_failed_or_is_unknown_is_found(under_way: Browser, state: str) -> None:
    assert under_way.get(f"{RETRY}/{state}/rejected").status_code == 404
    assert under_way.post(f"{RETRY}/{state}/rejected").status_code == 404


def test_a_day_without_an_issue_has_nothing_to_try_again(under_way: Browser) -> None:
    path = "/admin/issues/2026-12-28/retry/failed/rejected"
    assert under_way.get(path).status_code == 404
    assert under_way.post(path).status_code == 404


def test_without_its_token_a_yes_changes_nothing(
    installation: Installation, under_way: Browser
) -> None:
    under_way.send(f"{RETRY}/failed/rejected")
    assert states(installation, "rejected") == [FAILED]


def test_a_closed_issue_shows_the_balance_as_it_was_checked(
    installation: Installation, under_way: Browser
) -> None:
    change(installation, state=IssueState.SENT, closed_at=NOW, balance={"holds": True})
    answer = under_way.get(PAGE)
    assert "The balance was checked when it ended, and holds" in answer.text
    assert "ended Mon 23 Nov 2026, 09:02" in answer.text
    assert "Refresh" not in answer.headers
    assert "a second over" not in answer.text


def test_a_balance_that_did_not_hold_when_it_ended_stays_loud(
    installation: Installation, under_way: Browser
) -> None:
    change(installation, state=IssueState.SENT, closed_at=NOW, balance={"holds": False})
    page = under_way.get(PAGE).text
    assert 'class="verdict broken" role="alert"' in page
    assert "holds: each" not in page


def test_a_send_that_stands_still_promises_no_end(
    installation: Installation, under_way: Browser
) -> None:
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        page = under_way.get(PAGE).text
    assert "<strong>0.0</strong> a second" in page
    assert "</strong> left" not in page
