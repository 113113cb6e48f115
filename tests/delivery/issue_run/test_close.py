"""How an issue ends: its balance is kept, a broken one is told, a cancelled one owes nobody."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from newsletter.db import Database
from newsletter.delivery.queue.balance import Balance, balance_of
from newsletter.delivery.sending.claims import Held, Report
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.worker_store import Books
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.curator import Curator
from newsletter.models.delivery import Delivery, DeliveryState, Notice
from newsletter.models.feedback import FeedbackEvent
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Subscriber
from newsletter.settings import Settings
from newsletter.transports.base import Outcome, Verdict
from tests.functional.lists import add_readers, begin_issue

NOW = datetime(2026, 11, 30, 14, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
READERS = 5


@pytest.fixture
def books(environ: dict[str, str], db: Database, database_url: str) -> Iterator[Books]:
    """Of a worker; an issue is owed to five readers, and there is one curator."""
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    add_readers(opened, READERS, NOW)
    begin_issue(opened, NOW.date(), NOW)
    with db.write() as session:
        who = "ann@example.org"
        session.add(Curator(address=who, address_key=who, password_hash="", created_at=NOW))
    envelopes = Envelopes(opened.settings, opened.storage, opened.signer)
    yield Books(db, envelopes, opened.settings.home, "worker")
    opened.db.close()


def report(books: Books, held: Held, verdict: Verdict) -> None:
    books.record([Report(held, Outcome(verdict, "a reply"), NOW)])


def cancel(db: Database) -> None:
    with db.write() as session:
        calendar.cancel(session, calendar.get(session, NOW.date()), NOW)


def standing(db: Database) -> tuple[Issue, Balance]:
    with db.read() as session:
        issue = calendar.get(session, NOW.date())
        return issue, balance_of(session, issue)


def alerts(db: Database) -> list[Notice]:
    with db.read() as session:
        return list(session.scalars(select(Notice)))


def test_an_issue_that_balances_is_closed_and_nobody_is_alerted(books: Books, db: Database) -> None:
    for held in books.claim(READERS, NOW):
        report(books, held, Verdict.SENT)
    assert len(books.close_finished(NOW)) == 1
    issue, _ = standing(db)
    assert (issue.state, issue.closed_at) == (IssueState.SENT, NOW)
    assert issue.balance == Balance(READERS, sent=READERS).as_dict() | {"holds": True}
    assert alerts(db) == []


def test_of_books_that_do_not_balance_the_curators_are_told_once(
    books: Books, db: Database
) -> None:
    held = books.claim(READERS, NOW)
    for one in held:
        report(books, one, Verdict.SENT)
    with db.write() as session:
        session.execute(delete(Delivery).where(Delivery.id == held[0].key[1]))
    books.close_finished(NOW)
    books.close_finished(LATER)
    issue, balance = standing(db)
    assert not issue.balance["holds"]
    assert balance.broken == (
        "The balance does not hold: 5 candidates were frozen, and the ledger has 4 rows."
    )
    (alert,) = alerts(db)
    assert alert.subject == "The books of the issue of 2026-11-30 DO NOT BALANCE"
    assert alert.lines[0] == balance.broken


def test_a_cancelled_issue_excludes_whom_it_still_owed_and_keeps_what_is_unknown(
    books: Books, db: Database
) -> None:
    sent, unknown = books.claim(2, NOW)
    report(books, sent, Verdict.SENT)
    report(books, unknown, Verdict.UNKNOWN)
    cancel(db)
    _, balance = standing(db)
    assert balance == Balance(READERS, sent=1, unknown=1, excluded=3)
    with db.read() as session:
        rows = list(session.scalars(select(Delivery)))
    assert {row.not_before for row in rows} == {None}
    assert [row.reason for row in rows if row.state is DeliveryState.EXCLUDED] == ["cancelled"] * 3
    assert books.claim(READERS, LATER) == []


@pytest.mark.parametrize(
    ("verdict", "balance"),
    [
        (Verdict.SENT, Balance(READERS, sent=1, excluded=4)),
        (Verdict.UNKNOWN, Balance(READERS, unknown=1, excluded=4)),
        (Verdict.REJECTED, Balance(READERS, failed=1, excluded=4)),
        (Verdict.DEFERRED, Balance(READERS, excluded=5)),
        (Verdict.REQUEUED, Balance(READERS, excluded=5)),
    ],
)
def test_what_was_in_flight_when_an_issue_was_cancelled_is_what_became_of_it(
    books: Books, db: Database, verdict: Verdict, balance: Balance
) -> None:
    (held,) = books.claim(1, NOW)
    cancel(db)
    report(books, held, verdict)
    assert standing(db)[1] == balance
    with db.read() as session:
        assert set(session.scalars(select(Delivery.not_before))) == {None}


def test_what_was_claimed_and_not_begun_when_an_issue_was_cancelled_is_excluded(
    books: Books, db: Database
) -> None:
    held = books.claim(3, NOW)
    cancel(db)
    assert books.still_wanted(held) == set()
    books.release([one.key for one in held], NOW)
    assert standing(db)[1] == Balance(READERS, excluded=READERS)


def test_a_bounce_of_somebody_who_was_erased_meanwhile_counts_all_the_same(
    books: Books, db: Database
) -> None:
    (held,) = books.claim(1, NOW)
    assert held.claimed is not None
    with db.write() as session:
        session.execute(delete(Subscriber).where(Subscriber.id == held.claimed.subscriber_id))
    report(books, held, Verdict.NO_SUCH_ADDRESS)
    with db.read() as session:
        (event,) = session.scalars(select(FeedbackEvent))
    assert (event.subscriber_id, event.provider) == (None, "smtp")
