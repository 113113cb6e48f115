"""A worker goes on where it left off, and misses nothing that lies before that."""

from datetime import timedelta

from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.queue import leases, ledger
from newsletter.delivery.queue.claim_cursor import ClaimCursor
from newsletter.delivery.queue.leases import LEASE
from newsletter.delivery.queue.retry_policy import Settlement
from newsletter.models.delivery import Delivery, DeliveryState
from tests.delivery.lists import NOW, TODAY, readers, sending

WEEK = timedelta(weeks=1)


def claimed(
    session: Session, cursor: ClaimCursor, limit: int, after: timedelta = WEEK * 0
) -> list[int]:
    return [c.id for c in ledger.claim(session, "a", limit, NOW + after, cursor)]


def test_what_was_given_back_comes_after_what_was_not_claimed_yet(db: Database) -> None:
    cursor = ClaimCursor()
    with db.write() as session:
        readers(session, 5)
        sending(session)
        first = claimed(session, cursor, 2)
        leases.release(session, Delivery, "a", first)
        then = claimed(session, cursor, 2)
        assert not {*first} & {*then}
        assert claimed(session, cursor, 1) not in (first[:1], then[:1])
        assert claimed(session, cursor, 5) == first


def test_one_claim_takes_the_last_ones_and_those_that_were_given_back(db: Database) -> None:
    cursor = ClaimCursor()
    with db.write() as session:
        readers(session, 3)
        sending(session)
        first = claimed(session, cursor, 2)
        leases.release(session, Delivery, "a", first)
        assert sorted(claimed(session, cursor, 9)) == [*first, first[-1] + 1]
        assert claimed(session, cursor, 9) == []


def test_a_lease_that_ran_out_is_found_again(db: Database) -> None:
    cursor = ClaimCursor()
    with db.write() as session:
        readers(session, 2)
        sending(session)
        both = claimed(session, cursor, 2)
        assert claimed(session, cursor, 2, LEASE) == []
        assert claimed(session, cursor, 2, LEASE + timedelta(seconds=1)) == both


def test_a_second_try_is_found_when_its_moment_comes(db: Database) -> None:
    cursor = ClaimCursor()
    with db.write() as session:
        readers(session, 2)
        sending(session)
        (first,) = claimed(session, cursor, 1)
        again = Settlement(first, DeliveryState.PENDING, NOW + LEASE, True, "deferred", "450")
        ledger.settle(session, Delivery, [again], NOW)
        (second,) = claimed(session, cursor, 1)
        done = Settlement(second, DeliveryState.SENT, None, True, "sent", "250")
        ledger.settle(session, Delivery, [done], NOW)
        assert claimed(session, cursor, 1) == []
        assert claimed(session, cursor, 1, LEASE) == [first]


def test_each_issue_has_a_position_of_its_own(db: Database) -> None:
    cursor = ClaimCursor()
    with db.write() as session:
        readers(session, 2)
        sending(session)
        assert len(claimed(session, cursor, 2)) == 2
        sending(session, TODAY + WEEK)
        assert len(claimed(session, cursor, 2)) == 2


def test_it_goes_back_for_what_came_free_while_there_is_more_ahead(db: Database) -> None:
    cursor, seconds = ClaimCursor(), timedelta(seconds=1)
    with db.write() as session:
        readers(session, 6)
        sending(session)
        dead = [c.id for c in ledger.claim(session, "dead", 2, NOW)]
        ours = claimed(session, cursor, 2)
        ledger.settle_sent(session.connection(), dict.fromkeys(ours, "250"), NOW)
        assert cursor.look_back(session.connection(), NOW) == 0
        assert cursor.look_back(session.connection(), NOW + LEASE + seconds) == 1
        assert claimed(session, cursor, 3, LEASE + seconds)[:2] == dead


def test_it_looks_no_further_back_than_to_where_all_was_settled(db: Database) -> None:
    cursor = ClaimCursor()
    with db.write() as session:
        readers(session, 6)
        issue = sending(session)
        for _ in range(2):
            ids = claimed(session, cursor, 2)
            ledger.settle_sent(session.connection(), dict.fromkeys(ids, "250"), NOW)
            assert cursor.look_back(session.connection(), NOW) == 0
            assert cursor._settled_to[issue.id].id == ids[-1]
        held = claimed(session, cursor, 2)
        assert cursor.look_back(session.connection(), NOW) == 0
        assert cursor._settled_to[issue.id].id == held[0] - 1
