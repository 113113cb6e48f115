"""One row for each candidate, one worker for each row, and books that always balance."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from newsletter.audience.privacy import erase
from newsletter.audience.subscriptions import confirm, leave
from newsletter.audience.suppression import suppress
from newsletter.db import Database
from newsletter.delivery.queue import leases, ledger
from newsletter.delivery.queue.balance import Balance, balance_of, is_finished
from newsletter.delivery.queue.leases import LEASE
from newsletter.delivery.queue.retry_policy import Settlement
from newsletter.models.delivery import Delivery, DeliveryState, Notice, NoticeKind
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.models.subscriber import Cadence, Status, Subscriber, SuppressionReason
from tests import factories
from tests.delivery.lists import NOW, TODAY, readers, sending, signer

SECOND, WEEK = timedelta(seconds=1), timedelta(weeks=1)


@contextmanager
def being_sent(db: Database, count: int) -> Iterator[tuple[Session, Issue]]:
    """A transaction in which an issue has just been frozen for ``count`` readers."""
    with db.write() as session:
        readers(session, count)
        yield session, sending(session)


def settlement(
    key: int, state: DeliveryState = DeliveryState.SENT, tried: bool = True
) -> Settlement:
    again = NOW if state is DeliveryState.PENDING else None
    return Settlement(key, state, again, tried, "why", "250 ok")


def claimed_ids(session: Session, limit: int = 100, worker: str = "a") -> list[int]:
    return [c.id for c in ledger.claim(session, worker, limit, NOW)]


# Entering.


def test_each_active_reader_has_one_row(db: Database) -> None:
    with being_sent(db, 3) as (session, issue):
        assert issue.candidates == 3
        rows = session.scalars(select(Delivery)).all()
        assert len({row.subscriber_id for row in rows}) == 3
        assert {(row.state, row.attempts) for row in rows} == {(DeliveryState.PENDING, 0)}
        assert {row.not_before for row in rows} == {NOW}


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.ACTIVE])
def test_who_is_not_active_is_no_candidate(sqlite_db: Database, status: Status) -> None:
    with sqlite_db.write() as session:
        factories.subscriber(session, signer, "ann@example.org", status)
        assert sending(session).candidates == 0


@pytest.mark.parametrize(("kind", "candidates"), [(Kind.REGULAR, 2), (Kind.POST, 1)])
def test_a_cadence_includes_its_kinds(sqlite_db: Database, kind: Kind, candidates: int) -> None:
    with sqlite_db.write() as session:
        readers(session, 2)[0].cadence = Cadence.DAILY
        session.flush()
        assert sending(session, kind=kind).candidates == candidates


def test_who_is_active_and_suppressed_is_entered_as_excluded(db: Database) -> None:
    with db.write() as session:
        ann, _ = readers(session, 2)
        suppress(session, ann.address_hash, SuppressionReason.COMPLAINT, NOW)
        issue = sending(session)
        assert balance_of(session, issue) == Balance(candidates=2, excluded=1, pending=1)
        row = session.scalars(select(Delivery).where(Delivery.subscriber_id == ann.id)).one()
        assert (row.reason, row.not_before) == ("suppressed", None)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # has many writers at once
def test_a_reader_who_confirms_while_the_ledger_is_written_does_not_break_the_balance(
    db: Database,
) -> None:
    with db.write() as session:
        readers(session, 2)
        late = factories.subscriber(session, signer, "late@example.org", Status.PENDING).id

    def confirm_meanwhile(*statement: object) -> None:
        if str(statement[2]).startswith("INSERT INTO delivery"):
            with db.write() as other:
                confirm(other.get_one(Subscriber, late), NOW)

    event.listen(db.engine, "after_cursor_execute", confirm_meanwhile)
    with db.write() as session:
        issue = sending(session)
        assert session.get_one(Subscriber, late).status is Status.ACTIVE
        assert issue.candidates == 2
        assert balance_of(session, issue).holds


# Claiming.


def test_a_claim_leases_at_most_what_was_asked_for(db: Database) -> None:
    with being_sent(db, 30) as (session, _):
        assert len(claimed_ids(session, 7)) == 7
        leased = session.scalars(select(Delivery).where(Delivery.lease_until.is_not(None))).all()
        assert len(leased) == 7
        assert {(row.worker, row.lease_until) for row in leased} == {("a", NOW + LEASE)}


def test_a_claim_says_to_whom_and_since_when(sqlite_db: Database) -> None:
    with being_sent(sqlite_db, 1) as (session, issue):
        session.scalars(select(Subscriber)).one().name = "Ann"
        session.flush()
        (claimed,) = ledger.claim(session, "a", 10, NOW + SECOND)
        assert claimed.issue_id == issue.id
        assert (claimed.address, claimed.name) == ("reader0@example.org", "Ann")
        assert (claimed.attempts, claimed.since) == (0, NOW)


def test_what_is_claimed_is_not_claimed_again(db: Database) -> None:
    with being_sent(db, 5) as (session, _):
        first = claimed_ids(session, 3)
        second = claimed_ids(session, 10, "b")
        assert len(second) == 2
        assert set(first).isdisjoint(second)
        assert claimed_ids(session, 10, "c") == []


def test_a_lease_that_ran_out_is_claimed_by_another(db: Database) -> None:
    with being_sent(db, 1) as (session, _):
        assert len(ledger.claim(session, "a", 10, NOW)) == 1
        assert ledger.claim(session, "b", 10, NOW + LEASE) == []
        assert len(ledger.claim(session, "b", 10, NOW + LEASE + SECOND)) == 1
        row = session.scalars(select(Delivery)).one()
        session.refresh(row)
        assert row.worker == "b"


def test_nothing_is_claimed_before_its_time(sqlite_db: Database) -> None:
    with being_sent(sqlite_db, 1) as (session, _):
        assert ledger.claim(session, "a", 10, NOW - SECOND) == []
        assert len(ledger.claim(session, "a", 10, NOW)) == 1


def test_what_waited_longest_is_claimed_first(sqlite_db: Database) -> None:
    with being_sent(sqlite_db, 3) as (session, _):
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        for row, minutes in zip(rows, (1, 3, 2), strict=True):
            row.not_before = NOW - timedelta(minutes=minutes)
        session.flush()
        order = [claimed_ids(session, 1)[0] for _ in rows]
        assert order == [rows[1].id, rows[2].id, rows[0].id]


@pytest.mark.parametrize("state", [s for s in IssueState if s is not IssueState.SENDING])
def test_nothing_is_claimed_of_an_issue_that_is_not_being_sent(
    sqlite_db: Database, state: IssueState
) -> None:
    with being_sent(sqlite_db, 1) as (session, issue):
        issue.state = state
        session.flush()
        assert claimed_ids(session) == []


@pytest.mark.parametrize(
    "state", [DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.EXCLUDED]
)
def test_what_is_settled_for_good_is_never_claimed(
    sqlite_db: Database, state: DeliveryState
) -> None:
    with being_sent(sqlite_db, 1) as (session, _):
        session.execute(update(Delivery).values(state=state))
        assert claimed_ids(session) == []


def test_an_unknown_outcome_is_claimed_again_when_it_is_due(sqlite_db: Database) -> None:
    with being_sent(sqlite_db, 1) as (session, _):
        due_again = NOW + timedelta(minutes=10)
        session.execute(update(Delivery).values(state=DeliveryState.UNKNOWN, not_before=due_again))
        assert claimed_ids(session) == []
        assert len(ledger.claim(session, "a", 10, due_again)) == 1


def test_the_issue_that_began_first_goes_first(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        readers(session, 2)
        later = sending(session, TODAY + WEEK)
        later.frozen_at = NOW + WEEK
        earlier = sending(session)
        session.flush()
        claimed = ledger.claim(session, "a", 3, NOW + WEEK)
        assert [c.issue_id for c in claimed] == [earlier.id, earlier.id, later.id]


@pytest.mark.parametrize("suppressed", [False, True])
def test_who_left_or_was_suppressed_since_is_excluded_on_the_way(
    db: Database, suppressed: bool
) -> None:
    with being_sent(db, 3) as (session, issue):
        gone = session.scalars(select(Subscriber)).first()
        assert gone is not None
        if suppressed:
            suppress(session, gone.address_hash, SuppressionReason.BOUNCE, NOW)
        else:
            gone.status = Status.UNSUBSCRIBED
        session.flush()
        claimed = ledger.claim(session, "a", 2, NOW)
        assert gone.id not in {c.subscriber_id for c in claimed}
        assert len(claimed) == 2  # the place of who is gone is given to the next
        row = session.scalars(select(Delivery).where(Delivery.subscriber_id == gone.id)).one()
        session.refresh(row)
        assert row.state is DeliveryState.EXCLUDED
        assert row.reason == ("suppressed" if suppressed else "unsubscribed")
        assert (row.lease_until, row.worker, row.not_before) == (None, None, None)
        assert balance_of(session, issue) == Balance(candidates=3, excluded=1, pending=2)


def test_who_was_erased_while_a_worker_held_the_row_is_excluded_later(db: Database) -> None:
    with being_sent(db, 1) as (session, issue):
        claimed_ids(session)
        erase(session, session.scalars(select(Subscriber)).one(), NOW)
        assert balance_of(session, issue).pending == 1
        assert ledger.claim(session, "b", 10, NOW + LEASE + SECOND) == []
        row = session.scalars(select(Delivery)).one()
        session.refresh(row)
        assert (row.state, row.reason) == (DeliveryState.EXCLUDED, "erased")
        assert balance_of(session, issue).holds
        assert is_finished(session, issue)


def test_what_may_have_reached_who_left_stays_unknown(sqlite_db: Database) -> None:
    with being_sent(sqlite_db, 1) as (session, issue):
        session.execute(update(Delivery).values(state=DeliveryState.UNKNOWN))
        session.scalars(select(Subscriber)).one().status = Status.UNSUBSCRIBED
        session.flush()
        assert claimed_ids(session) == []
        assert balance_of(session, issue) == Balance(candidates=1, unknown=1)
        assert is_finished(session, issue)


def test_who_leaves_between_claim_and_network_is_no_longer_wanted(db: Database) -> None:
    with being_sent(db, 3) as (session, issue):
        claimed = ledger.claim(session, "a", 3, NOW)
        everyone = {c.id for c in claimed}
        assert ledger.standing(session, "a", claimed) == (everyone, everyone)
        assert ledger.standing(session, "b", claimed) == (set(), set())
        first, second, _ = session.scalars(select(Subscriber).order_by(Subscriber.id))
        leave(session, first, NOW)
        erase(session, second, NOW)
        last = claimed[2].id
        assert ledger.standing(session, "a", claimed) == ({last}, {last})
        issue.state = IssueState.PAUSED
        session.flush()
        assert ledger.standing(session, "a", claimed) == ({last}, set())


def work_together(
    db: Database, workers: int, claim: Callable[[Session, str], list[int]]
) -> list[int]:
    """What so many workers have claimed when each has come to the end of the list."""
    together = threading.Barrier(workers)
    taken: list[int] = []

    def work(name: str) -> None:
        together.wait()
        while True:
            with db.write() as session:
                ids = claim(session, name)
            if not ids:
                return
            taken.extend(ids)

    threads = [threading.Thread(target=work, args=(f"worker {n}",)) for n in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def test_two_workers_never_share_a_delivery(db: Database) -> None:
    with being_sent(db, 200):
        pass
    taken = work_together(db, 4, lambda session, name: claimed_ids(session, 7, name))
    assert len(taken) == 200
    assert set(Counter(taken).values()) == {1}


def test_two_workers_never_share_a_lease_that_ran_out(db: Database) -> None:
    with being_sent(db, 60) as (session, _):
        claimed_ids(session, 100, "dead")

    def claim(session: Session, name: str) -> list[int]:
        return [c.id for c in ledger.claim(session, name, 5, NOW + LEASE + SECOND)]

    taken = work_together(db, 4, claim)
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 60


def test_two_workers_never_share_a_notice(db: Database) -> None:
    with db.write() as session:
        for number in range(60):
            session.add(notice(f"reader{number}@example.org"))
    taken = work_together(
        db, 4, lambda s, name: [n.id for n in ledger.claim_notices(s, name, 5, NOW)]
    )
    assert len(taken) == 60
    assert len(set(taken)) == 60


def notice(address: str = "ann@example.org") -> Notice:
    return Notice(kind=NoticeKind.ALERT, address=address, lines=[], created_at=NOW, not_before=NOW)


def test_notices_are_claimed_oldest_first_and_once(db: Database) -> None:
    with db.write() as session:
        session.add_all([notice("a@example.org"), notice("b@example.org"), notice("c@example.org")])
        session.flush()
        claimed = ledger.claim_notices(session, "a", 2, NOW)
        assert [n.address for n in claimed] == ["a@example.org", "b@example.org"]
        rest = ledger.claim_notices(session, "b", 10, NOW)
        assert [n.address for n in rest] == ["c@example.org"]
        ledger.settle(session, Notice, [settlement(n.id) for n in claimed], NOW)
        assert ledger.claim_notices(session, "b", 10, NOW + WEEK) == rest


# Settling.


def test_settling_records_the_outcome_and_ends_the_lease(db: Database) -> None:
    with being_sent(db, 1) as (session, _):
        (key,) = claimed_ids(session)
        ledger.settle(session, Delivery, [settlement(key)], NOW + SECOND)
        row = session.get_one(Delivery, key)
        session.refresh(row)
        assert (row.state, row.reason, row.reply) == (DeliveryState.SENT, "why", "250 ok")
        assert (row.attempts, row.settled_at) == (1, NOW + SECOND)
        assert (row.lease_until, row.worker, row.not_before) == (None, None, None)


def test_a_try_that_does_not_count_is_not_counted(sqlite_db: Database) -> None:
    with being_sent(sqlite_db, 1) as (session, _):
        for _ in range(3):
            (key,) = claimed_ids(session)
            ledger.settle(
                session, Delivery, [settlement(key, DeliveryState.PENDING, tried=False)], NOW
            )
        (key,) = claimed_ids(session)
        assert session.scalars(select(Delivery.attempts)).one() == 0


def test_what_was_sent_stays_sent_whoever_reports_late(db: Database) -> None:
    with being_sent(db, 1) as (session, issue):
        (key,) = claimed_ids(session)
        ledger.claim(session, "b", 1, NOW + LEASE + SECOND)
        ledger.settle(session, Delivery, [settlement(key)], NOW)
        for state in (DeliveryState.PENDING, DeliveryState.FAILED, DeliveryState.UNKNOWN):
            ledger.settle(session, Delivery, [settlement(key, state)], NOW)
        assert balance_of(session, issue) == Balance(candidates=1, sent=1)
        assert is_finished(session, issue)


def test_a_late_report_that_it_was_sent_is_believed(sqlite_db: Database) -> None:
    with being_sent(sqlite_db, 1) as (session, issue):
        (key,) = claimed_ids(session)
        ledger.claim(session, "b", 1, NOW + LEASE + SECOND)
        ledger.settle(session, Delivery, [settlement(key, DeliveryState.PENDING)], NOW)
        ledger.settle(session, Delivery, [settlement(key)], NOW)
        assert balance_of(session, issue).sent == 1


def test_of_a_lost_lease_no_other_outcome_counts(db: Database) -> None:
    with being_sent(db, 1) as (session, _):
        (key,) = claimed_ids(session)
        later = NOW + LEASE + SECOND
        ledger.claim(session, "b", 1, later)
        for state in (DeliveryState.PENDING, DeliveryState.FAILED, DeliveryState.UNKNOWN):
            ledger.settle(session, Delivery, [settlement(key, state)], NOW, "a")
        row = session.get_one(Delivery, key)
        session.refresh(row)
        assert (row.state, row.worker, row.attempts) == (DeliveryState.PENDING, "b", 0)
        assert row.lease_until == later + LEASE
        ledger.settle(session, Delivery, [settlement(key)], NOW, "a")
        session.refresh(row)
        assert row.state is DeliveryState.SENT


def test_what_is_given_back_can_be_claimed_at_once(db: Database) -> None:
    with being_sent(db, 2) as (session, _):
        ids = claimed_ids(session)
        leases.release(session, Delivery, "a", ids)
        assert claimed_ids(session, 10, "b") == ids


def test_a_worker_that_lost_its_lease_cannot_give_it_back_or_keep_it(db: Database) -> None:
    with being_sent(db, 1) as (session, _):
        ids = claimed_ids(session)
        later = NOW + LEASE + SECOND
        ledger.claim(session, "b", 1, later)
        leases.release(session, Delivery, "a", ids)
        leases.renew(session, Delivery, "a", ids, later + timedelta(hours=1))
        row = session.get_one(Delivery, ids[0])
        session.refresh(row)
        assert (row.worker, row.lease_until) == ("b", later + LEASE)


def test_a_renewed_lease_lasts_on(sqlite_db: Database) -> None:
    with being_sent(sqlite_db, 1) as (session, _):
        leases.renew(session, Delivery, "a", claimed_ids(session), NOW + LEASE)
        assert ledger.claim(session, "b", 1, NOW + LEASE + SECOND) == []
        assert len(ledger.claim(session, "b", 1, NOW + 2 * LEASE + SECOND)) == 1


def test_the_leases_of_the_dead_are_ended_and_only_theirs(db: Database) -> None:
    with being_sent(db, 4) as (session, _):
        session.add(notice())
        session.flush()
        dead = claimed_ids(session, 2, "dead")
        claimed_ids(session, 1, "alive")
        ledger.claim_notices(session, "dead", 1, NOW)
        assert leases.leaseholders(session) == {"dead", "alive"}
        assert leases.reclaim(session, {"dead"}) == 3
        assert leases.leaseholders(session) == {"alive"}
        assert set(dead) < set(claimed_ids(session, 10, "b"))


# The balance.


def test_the_balance_holds_at_each_step_of_a_send(db: Database) -> None:
    outcomes = [
        DeliveryState.SENT,
        DeliveryState.FAILED,
        DeliveryState.UNKNOWN,
        DeliveryState.EXCLUDED,
        DeliveryState.PENDING,
    ]
    with being_sent(db, 10) as (session, issue):
        assert balance_of(session, issue) == Balance(candidates=10, pending=10)
        for key, state in zip(claimed_ids(session, 5), outcomes, strict=True):
            ledger.settle(session, Delivery, [settlement(key, state)], NOW)
            assert balance_of(session, issue).holds
        expected = Balance(candidates=10, sent=1, failed=1, unknown=1, excluded=1, pending=6)
        assert balance_of(session, issue) == expected


def test_a_lost_row_breaks_the_balance(sqlite_db: Database) -> None:
    with being_sent(sqlite_db, 3) as (session, issue):
        row = session.scalars(select(Delivery)).first()
        session.delete(row)
        session.flush()
        assert not balance_of(session, issue).holds


def test_the_balance_of_one_issue_counts_no_other(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        readers(session, 2)
        one, other = sending(session), sending(session, TODAY + WEEK)
        assert balance_of(session, one) == balance_of(session, other)
        assert balance_of(session, one).pending == 2


@pytest.mark.parametrize(
    ("state", "again", "finished"),
    [
        (DeliveryState.PENDING, True, False),
        (DeliveryState.UNKNOWN, True, False),
        (DeliveryState.UNKNOWN, False, True),
        (DeliveryState.SENT, False, True),
        (DeliveryState.FAILED, False, True),
        (DeliveryState.EXCLUDED, False, True),
    ],
)
def test_an_issue_is_finished_when_nothing_will_be_tried_again(
    sqlite_db: Database, state: DeliveryState, again: bool, finished: bool
) -> None:
    with being_sent(sqlite_db, 1) as (session, issue):
        session.execute(update(Delivery).values(state=state, not_before=NOW if again else None))
        assert is_finished(session, issue) is finished
