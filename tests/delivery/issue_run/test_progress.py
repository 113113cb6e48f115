"""What a curator sees of a send: how far, how fast, how long still, and why not."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.issue_run.progress import Trouble, progress, roughly, troubles
from newsletter.delivery.issue_run.reasons import Reason
from newsletter.delivery.queue.balance import Balance
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.issue import Issue, IssueState
from newsletter.transports.base import Verdict
from tests.delivery.lists import NOW, readers, sending

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SENT, FAILED, UNKNOWN, EXCLUDED, PENDING = (
    DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN,
    DeliveryState.EXCLUDED, DeliveryState.PENDING,
)  # fmt: skip


def sent_to(session: Session, count: int) -> tuple[Issue, list[Delivery]]:
    """An issue that froze at NOW, and its rows."""
    readers(session, count)
    issue = sending(session)
    return issue, list(session.scalars(select(Delivery).order_by(Delivery.id)))


def become(row: Delivery, state: DeliveryState, reason: str, **values: object) -> None:
    row.state, row.reason, row.not_before, row.settled_at = state, reason, None, NOW
    for name, value in values.items():
        setattr(row, name, value)


def when(moment: object) -> str:
    return f"{moment:%H:%M}"


def test_each_state_is_counted_once(db: Database) -> None:
    with db.write() as session:
        issue, rows = sent_to(session, 9)
        for row in rows[:3]:
            become(row, SENT, "sent")
        become(rows[3], FAILED, Verdict.REJECTED)
        become(rows[4], UNKNOWN, Verdict.UNKNOWN)
        become(rows[5], UNKNOWN, Verdict.DEFERRED, not_before=NOW)
        become(rows[6], EXCLUDED, "suppressed")
        become(rows[7], PENDING, Verdict.FULL, not_before=NOW)
        session.flush()
        balance = progress(session, issue, NOW).balance
        assert balance == Balance(9, sent=3, failed=1, unknown=2, excluded=1, pending=2)
        assert balance.holds


def test_a_row_too_few_or_too_many_is_noticed(db: Database) -> None:
    with db.write() as session:
        issue, rows = sent_to(session, 2)
        session.delete(rows[0])
        session.flush()
        assert not progress(session, issue, NOW).balance.holds
        issue.candidates = 0
        assert not progress(session, issue, NOW).balance.holds


def test_another_issue_is_not_counted(db: Database) -> None:
    with db.write() as session:
        _, rows = sent_to(session, 2)
        become(rows[0], SENT, "sent")
        other = sending(session, NOW.date() + timedelta(weeks=1))
        report = progress(session, other, NOW + SECOND)
        assert report.balance == Balance(2, pending=2)
        assert report.per_second == 0


def test_the_rate_is_what_a_server_took_in_the_last_minute(db: Database) -> None:
    with db.write() as session:
        issue, rows = sent_to(session, 6)
        now = NOW + 5 * MINUTE
        for row, ago in zip(rows, (0, 30, 59, 60, 61), strict=False):
            become(row, SENT, "sent", settled_at=now - ago * SECOND)
        become(rows[5], FAILED, Verdict.NO_SUCH_ADDRESS, settled_at=now)
        session.flush()
        assert progress(session, issue, now).per_second == pytest.approx(3 / 60)


def test_the_rate_of_a_send_that_has_just_begun_is_of_its_own_time(db: Database) -> None:
    with db.write() as session:
        issue, rows = sent_to(session, 4)
        for row in rows:
            become(row, SENT, "sent")
        session.flush()
        assert progress(session, issue, NOW + 2 * SECOND).per_second == 2
        assert progress(session, issue, NOW).per_second == 4


def test_the_time_left_is_what_is_open_at_the_rate(db: Database) -> None:
    with db.write() as session:
        issue, rows = sent_to(session, 8)
        for row in rows[:2]:
            become(row, SENT, "sent")
        session.flush()
        report = progress(session, issue, NOW + 2 * SECOND)
        assert report.per_second == 1
        assert report.time_left == 6 * SECOND
        assert (report.waiting, report.next_try) == (0, None)


def test_what_waits_for_a_later_moment_is_waited_for(db: Database) -> None:
    with db.write() as session:
        issue, rows = sent_to(session, 4)
        become(rows[0], SENT, "sent")
        become(rows[1], PENDING, Verdict.DEFERRED, not_before=NOW + 5 * MINUTE)
        become(rows[2], PENDING, Verdict.FULL, not_before=NOW + HOUR)
        session.flush()
        report = progress(session, issue, NOW + SECOND)
        assert report.time_left == HOUR - SECOND
        assert (report.waiting, report.next_try) == (2, NOW + 5 * MINUTE)


def test_there_is_no_time_left_where_nothing_moves(db: Database) -> None:
    with db.write() as session:
        issue, rows = sent_to(session, 2)
        assert progress(session, issue, NOW + SECOND).time_left is None
        become(rows[0], SENT, "sent")
        session.flush()
        assert progress(session, issue, NOW + SECOND).time_left is not None
        assert progress(session, issue, NOW + HOUR).time_left is None
        issue.state = IssueState.PAUSED
        assert progress(session, issue, NOW + SECOND).time_left is None


def test_an_unknown_that_is_not_tried_again_takes_no_time(db: Database) -> None:
    with db.write() as session:
        issue, rows = sent_to(session, 2)
        become(rows[0], SENT, "sent")
        become(rows[1], UNKNOWN, Verdict.UNKNOWN)
        session.flush()
        assert progress(session, issue, NOW + SECOND).time_left is None


def test_reasons_are_grouped_with_their_latest_reply(db: Database) -> None:
    with db.write() as session:
        issue, rows = sent_to(session, 6)
        become(rows[0], FAILED, Verdict.REJECTED, reply="554 first")
        become(rows[1], FAILED, Verdict.REJECTED, reply="554 latest", settled_at=NOW + SECOND)
        become(rows[2], PENDING, Verdict.DEFERRED, reply="451", not_before=NOW + HOUR)
        become(rows[3], PENDING, Verdict.DEFERRED, reply="451", not_before=NOW + MINUTE)
        become(rows[4], FAILED, Verdict.REJECTED, reply="554 earlier", settled_at=NOW - SECOND)
        session.flush()
        assert progress(session, issue, NOW).reasons == [
            Reason(FAILED, "rejected", 3, "554 latest", None),
            Reason(PENDING, "deferred", 2, "451", NOW + MINUTE),
        ]


@pytest.mark.parametrize(
    ("state", "word", "again", "said", "may_be_retried"),
    [
        (PENDING, Verdict.DEFERRED, NOW + HOUR, "tried again at 10:00", False),
        (PENDING, Verdict.THROTTLED, NOW, "tried again now", False),
        (UNKNOWN, Verdict.UNKNOWN, NOW + MINUTE, "tried again at 09:01", True),
        (UNKNOWN, Verdict.UNKNOWN, None, "never by itself: it may have arrived", True),
        (FAILED, Verdict.NO_SUCH_ADDRESS, None, "never: the address is suppressed", False),
        (FAILED, Verdict.REJECTED, None, "never again for this message", True),
        (FAILED, Verdict.DEFERRED, None, "given up", True),
        (EXCLUDED, "unsubscribed", None, "not mailed", False),
    ],
)
def test_what_happens_next_is_said(
    state: DeliveryState, word: str, again: object, said: str, may_be_retried: bool
) -> None:
    reason = Reason(state, word, 1, "", again)  # type: ignore[arg-type]
    issue = Issue(date=NOW.date(), state=IssueState.SENDING)
    assert reason.next_step(issue, NOW, when) == said
    assert reason.may_be_retried is may_be_retried


def test_what_happens_next_waits_for_a_paused_issue_and_ends_with_a_cancelled_one() -> None:
    reason = Reason(PENDING, Verdict.DEFERRED, 1, "", NOW + HOUR)
    paused = Issue(date=NOW.date(), state=IssueState.PAUSED)
    assert reason.next_step(paused, NOW, when) == "tried again once the issue is resumed"
    cancelled = Issue(date=NOW.date(), state=IssueState.CANCELLED)
    assert reason.next_step(cancelled, NOW, when) == "never, as the issue is cancelled"


def test_the_latest_troubles_come_first_whatever_their_reason(db: Database) -> None:
    with db.write() as session:
        issue, rows = sent_to(session, 5)
        become(rows[0], FAILED, Verdict.NO_SUCH_ADDRESS, reply="550", settled_at=NOW + 3 * SECOND)
        become(rows[1], UNKNOWN, Verdict.UNKNOWN, settled_at=NOW + SECOND, not_before=NOW + HOUR)
        become(rows[2], PENDING, Verdict.FULL, settled_at=NOW + 2 * SECOND, not_before=NOW + HOUR)
        become(rows[3], EXCLUDED, "unsubscribed", settled_at=NOW + 4 * SECOND)
        rows[0].subscriber_id = None
        session.flush()
        reasons = progress(session, issue, NOW).reasons
        assert troubles(session, issue, reasons, most=2) == [
            Trouble(None, FAILED, "dead", "550", NOW + 3 * SECOND, None),
            Trouble("reader2@example.org", PENDING, "full", "", NOW + 2 * SECOND, NOW + HOUR),
        ]
        assert len(troubles(session, issue, reasons, most=9)) == 3


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (20 * SECOND, "less than a minute"),
        (MINUTE, "about 1 minute"),
        (7.4 * MINUTE, "about 7 minutes"),
        (2 * HOUR, "about 2 hours"),
        (73 * HOUR, "about 3 days"),
    ],
)
def test_a_time_to_wait_is_said_roughly(left: timedelta, words: str) -> None:
    assert roughly(left) == words


def test_no_look_reads_a_row_that_went_out(sqlite_db: Database) -> None:
    """With a million sent, each statement must find what it asks for in an index of its own."""
    statements: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, sql: str, values: object, *_more: object) -> None:
        if "FROM delivery" in sql:
            statements.append((sql, values))

    with sqlite_db.write() as session:
        issue, rows = sent_to(session, 3)
        become(rows[0], SENT, "sent")
        become(rows[1], FAILED, Verdict.REJECTED)
    event.listen(sqlite_db.engine, "before_cursor_execute", note)
    with sqlite_db.read() as session:
        report = progress(session, issue, NOW)
        troubles(session, issue, report.reasons, most=9)
    event.remove(sqlite_db.engine, "before_cursor_execute", note)
    assert len(statements) >= 6
    own = {"ix_delivery_sent", "ix_delivery_open", "ix_delivery_reason"}
    with sqlite_db.engine.connect() as connection:
        for sql, values in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()  # type: ignore[arg-type]
            looks = [row[-1] for row in plan if " delivery " in row[-1]]
            assert looks, sql
            assert all(any(index in look for index in own) for look in looks), sql
