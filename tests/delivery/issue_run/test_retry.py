"""Trying again by hand: whom it takes, whom it never takes, and books that still balance."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.audience.privacy import erase
from newsletter.audience.subscriptions import leave
from newsletter.audience.suppression import suppress
from newsletter.db import Database
from newsletter.delivery.issue_run import retry
from newsletter.delivery.queue import ledger
from newsletter.delivery.queue.balance import Balance, balance_of
from newsletter.errors import Conflict
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Subscriber, SuppressionReason
from newsletter.transports.base import Verdict
from tests.delivery.lists import NOW, readers, sending

LATER = NOW + timedelta(hours=3)
FAILED, UNKNOWN, SENT = DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.SENT


def closed(
    session: Session, *ends: tuple[DeliveryState, str]
) -> tuple[Issue, list[Subscriber], list[Delivery]]:
    """An issue that was closed with a delivery for each of these ends."""
    people = readers(session, len(ends))
    issue = sending(session)
    rows = list(session.scalars(select(Delivery).order_by(Delivery.id)))
    for row, (state, reason) in zip(rows, ends, strict=True):
        row.state, row.reason, row.reply = state, reason, "the reply"
        row.not_before, row.attempts, row.settled_at = None, 1, NOW
    issue.state, issue.closed_at, issue.balance = IssueState.SENT, NOW, {"holds": True}
    session.flush()
    return issue, people, rows


def due(session: Session) -> set[int]:
    """The deliveries that a sender would take now."""
    session.flush()
    return {claimed.id for claimed in ledger.claim(session, "a", 100, LATER)}


def test_what_failed_is_pending_and_due_and_what_was_sent_is_not(db: Database) -> None:
    with db.write() as session:
        issue, _, rows = closed(session, (FAILED, "rejected"), (SENT, "sent"), (FAILED, "full"))
        assert retry.count(session, issue) == 2
        assert retry.retry(session, issue, LATER) == 2
        assert balance_of(session, issue) == Balance(3, sent=1, pending=2)
        assert due(session) == {rows[0].id, rows[2].id}


def test_a_closed_issue_is_sending_again_and_will_be_closed_anew(db: Database) -> None:
    with db.write() as session:
        issue, _, _ = closed(session, (FAILED, "rejected"))
        retry.retry(session, issue, LATER)
        assert issue.state is IssueState.SENDING
        assert (issue.closed_at, issue.balance) == (None, {})


def test_a_paused_issue_stays_paused(db: Database) -> None:
    with db.write() as session:
        issue, _, _ = closed(session, (FAILED, "rejected"))
        issue.state = IssueState.PAUSED
        session.flush()
        retry.retry(session, issue, LATER)
        assert issue.state is IssueState.PAUSED
        assert due(session) == set()


def test_a_reason_may_be_chosen(db: Database) -> None:
    with db.write() as session:
        issue, _, rows = closed(session, (FAILED, "rejected"), (FAILED, "full"))
        assert retry.count(session, issue, reason="full") == 1
        assert retry.retry(session, issue, LATER, reason="full") == 1
        assert due(session) == {rows[1].id}
        assert balance_of(session, issue) == Balance(2, failed=1, pending=1)


def test_the_row_remembers_why_and_how_often_until_it_is_settled(db: Database) -> None:
    with db.write() as session:
        issue, _, (row,) = closed(session, (FAILED, "rejected"))
        retry.retry(session, issue, LATER)
        session.refresh(row)
        assert (row.reason, row.reply, row.attempts) == ("rejected", "the reply", 1)


def test_those_who_left_are_suppressed_erased_or_dead_are_never_tried_again(db: Database) -> None:
    with db.write() as session:
        ends = [(FAILED, "rejected")] * 4 + [(FAILED, str(Verdict.NO_SUCH_ADDRESS))]
        issue, people, rows = closed(session, *ends)
        leave(session, people[0], NOW)
        suppress(session, people[1].address_hash, SuppressionReason.CURATOR, NOW)
        erase(session, people[2], NOW)
        assert retry.count(session, issue) == 1
        assert retry.retry(session, issue, LATER) == 1
        assert due(session) == {rows[3].id}
        assert retry.count(session, issue, reason="dead") == 0
        assert balance_of(session, issue) == Balance(5, failed=4, pending=1)


def test_the_unknown_are_left_unless_asked_for(db: Database) -> None:
    with db.write() as session:
        issue, _, rows = closed(session, (FAILED, "rejected"), (UNKNOWN, "unknown"))
        retry.retry(session, issue, LATER)
        assert due(session) == {rows[0].id}


def test_the_unknown_that_are_asked_for_are_due_and_stay_unknown(db: Database) -> None:
    with db.write() as session:
        issue, _, rows = closed(session, (FAILED, "rejected"), (UNKNOWN, "unknown"))
        assert retry.count(session, issue, unknown=True) == 1
        assert retry.retry(session, issue, LATER, unknown=True) == 1
        assert balance_of(session, issue) == Balance(2, failed=1, unknown=1)
        assert due(session) == {rows[1].id}


def test_what_a_worker_holds_is_left_to_it(db: Database) -> None:
    with db.write() as session:
        issue, _, (row,) = closed(session, (UNKNOWN, "unknown"))
        row.worker, row.lease_until = "a", LATER
        session.flush()
        with pytest.raises(Conflict, match="Nothing of the issue"):
            retry.retry(session, issue, LATER, unknown=True)


def test_another_issue_is_not_touched(db: Database) -> None:
    with db.write() as session:
        other, _, _ = closed(session, (FAILED, "rejected"))
        issue = sending(session, NOW.date() + timedelta(weeks=1))
        with pytest.raises(Conflict):
            retry.retry(session, issue, LATER)
        assert balance_of(session, other) == Balance(1, failed=1)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (IssueState.PLANNED, "has not begun"),
        (IssueState.LATE, "has not begun"),
        (IssueState.CANCELLED, "is cancelled"),
    ],
)
def test_it_refuses_an_issue_that_is_not_being_sent(
    db: Database, state: IssueState, why: str
) -> None:
    with db.write() as session:
        issue, _, (row,) = closed(session, (FAILED, "rejected"))
        issue.state = state
        session.flush()
        with pytest.raises(Conflict, match=why):
            retry.retry(session, issue, LATER)
        session.refresh(row)
        assert row.state is FAILED


def test_it_refuses_where_nothing_can_be_tried_and_changes_nothing(db: Database) -> None:
    with db.write() as session:
        issue, _, _ = closed(session, (SENT, "sent"), (FAILED, "dead"))
        with pytest.raises(Conflict, match="Nothing of the issue of 2026-11-23"):
            retry.retry(session, issue, LATER)
        assert issue.state is IssueState.SENT
        assert retry.retries(session, issue) == []


def test_a_note_of_it_is_kept_the_latest_first(db: Database) -> None:
    with db.write() as session:
        issue, _, _ = closed(session, (FAILED, "rejected"), (UNKNOWN, "unknown"))
        retry.retry(session, issue, NOW, reason="rejected", by="cora@example.org")
        retry.retry(session, issue, LATER, unknown=True)
        noted = [(n.at, n.state, n.reason, n.number, n.by) for n in retry.retries(session, issue)]
        assert noted == [
            (LATER, UNKNOWN, None, 1, None),
            (NOW, FAILED, "rejected", 1, "cora@example.org"),
        ]
