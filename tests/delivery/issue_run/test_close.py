"""How an issue ends: its balance is kept, a broken one is told, a cancelled one owes nobody."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from newsletter.db import Database
from newsletter.delivery.queue.balance import Balance, balance_of
from newsletter.delivery.queue.ledger import ClaimedDelivery
from newsletter.delivery.sending.claims import Claim, Report
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.worker_store import WorkerStore
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
def store(environ: dict[str, str], db: Database, database_url: str) -> Iterator[WorkerStore]:
    """Of a worker; an issue is owed to five readers, and there is one curator."""
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    add_readers(opened, READERS, NOW)
    begin_issue(opened, NOW.date(), NOW)
    with db.write() as session:
        who = "ann@example.org"
        session.add(Curator(address=who, address_key=who, password_hash="", created_at=NOW))
    envelopes = Envelopes(opened.settings, opened.storage, opened.signer)
    yield WorkerStore(db, envelopes, opened.settings.home, "worker")
    opened.db.close()


def report(store: WorkerStore, claim: Claim, verdict: Verdict) -> None:
    store.settle([Report(claim, Outcome(verdict, "a reply"), NOW)])


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


def test_an_issue_that_balances_is_closed_and_nobody_is_alerted(
    store: WorkerStore, db: Database
) -> None:
    for claim in store.claim(READERS, NOW):
        report(store, claim, Verdict.SENT)
    assert len(store.close_finished(NOW)) == 1
    issue, _ = standing(db)
    assert (issue.state, issue.closed_at) == (IssueState.SENT, NOW)
    assert issue.balance == Balance(READERS, sent=READERS).as_dict() | {"holds": True}
    assert alerts(db) == []


def test_of_books_that_do_not_balance_the_curators_are_told_once(
    store: WorkerStore, db: Database
) -> None:
    claims = store.claim(READERS, NOW)
    for claim in claims:
        report(store, claim, Verdict.SENT)
    with db.write() as session:
        session.execute(delete(Delivery).where(Delivery.id == claims[0].id))
    store.close_finished(NOW)
    store.close_finished(LATER)
    issue, balance = standing(db)
    assert not issue.balance["holds"]
    assert balance.broken == (
        "The balance does not hold: 5 candidates were frozen, and the ledger has 4 rows."
    )
    (alert,) = alerts(db)
    assert alert.subject == "The books of the issue of 2026-11-30 DO NOT BALANCE"
    assert alert.lines[0] == balance.broken


def test_a_cancelled_issue_excludes_whom_it_still_owed_and_keeps_what_is_unknown(
    store: WorkerStore, db: Database
) -> None:
    sent, unknown = store.claim(2, NOW)
    report(store, sent, Verdict.SENT)
    report(store, unknown, Verdict.UNKNOWN)
    cancel(db)
    _, balance = standing(db)
    assert balance == Balance(READERS, sent=1, unknown=1, excluded=3)
    with db.read() as session:
        rows = list(session.scalars(select(Delivery)))
    assert {row.not_before for row in rows} == {None}
    assert [row.reason for row in rows if row.state is DeliveryState.EXCLUDED] == ["cancelled"] * 3
    assert store.claim(READERS, LATER) == []


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
    store: WorkerStore, db: Database, verdict: Verdict, balance: Balance
) -> None:
    (claim,) = store.claim(1, NOW)
    cancel(db)
    report(store, claim, verdict)
    assert standing(db)[1] == balance
    with db.read() as session:
        assert set(session.scalars(select(Delivery.not_before))) == {None}


def test_what_was_claimed_and_not_begun_when_an_issue_was_cancelled_is_excluded(
    store: WorkerStore, db: Database
) -> None:
    claims = store.claim(3, NOW)
    cancel(db)
    assert store.standing(claims)[1] == set()
    store.release([claim.key for claim in claims], NOW)
    assert standing(db)[1] == Balance(READERS, excluded=READERS)


def test_a_bounce_of_somebody_who_was_erased_meanwhile_counts_all_the_same(
    store: WorkerStore, db: Database
) -> None:
    (claim,) = store.claim(1, NOW)
    assert isinstance(claim, ClaimedDelivery)
    with db.write() as session:
        session.execute(delete(Subscriber).where(Subscriber.id == claim.subscriber_id))
    report(store, claim, Verdict.NO_SUCH_ADDRESS)
    with db.read() as session:
        (event,) = session.scalars(select(FeedbackEvent))
    assert (event.subscriber_id, event.provider) == (None, "smtp")
