"""Confirmed opt-in, the same for everybody who asks; and leaving, at once and for good."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.audience import subscriptions
from newsletter.audience.subscriptions import (
    ConsentGiven,
    choose,
    confirm,
    leave,
    subscribe,
)
from newsletter.audience.suppression import address_hash, suppress
from newsletter.db import Database
from newsletter.email_address import parse_address
from newsletter.errors import ExpiredToken, Invalid, InvalidAddress
from newsletter.models.delivery import Delivery, DeliveryState, Notice, NoticeKind
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import (
    Cadence,
    Consent,
    Status,
    Subscriber,
    SuppressionReason,
)
from newsletter.tokens import Signer
from tests import factories

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANN = "ann@example.org"
FORM = ConsentGiven("site", "Send me one dataset each Monday.", "192.0.2.7")
signer = Signer("a secret for the tests, 0123456789")


def ask(db: Database, now: datetime = NOW, address: str = ANN) -> None:
    with db.write() as session:
        subscribe(session, signer, address, FORM, now)


def ann(session: Session) -> Subscriber:
    found = subscriptions.find(session, parse_address(ANN))
    assert found is not None
    return found


def confirmations(db: Database) -> int:
    with db.read() as session:
        asked = select(func.count()).where(Notice.kind == NoticeKind.CONFIRMATION)
        return session.scalar(asked) or 0


def test_a_new_address_is_pending_and_asked_to_confirm(db: Database) -> None:
    ask(db)
    with db.read() as session:
        assert ann(session).status is Status.PENDING
        notice = session.scalars(select(Notice)).one()
        assert notice.address == ANN
        assert notice.subscriber_id == ann(session).id
        assert notice.not_before == NOW


def test_consent_is_recorded_with_its_wording_and_a_keyed_hash_of_the_ip(db: Database) -> None:
    ask(db)
    with db.read() as session:
        consent = session.scalars(select(Consent)).one()
        assert (consent.at, consent.form, consent.wording) == (NOW, FORM.form, FORM.wording)
        assert consent.ip_hash == signer.fingerprint("ip", "192.0.2.7")
        assert consent.ip_expires_at == NOW + timedelta(days=30)


def test_consent_without_an_ip_has_none_to_expire(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        subscribe(session, signer, ANN, ConsentGiven("api", "Yes."), NOW)
        consent = session.scalars(select(Consent)).one()
        assert (consent.ip_hash, consent.ip_expires_at) == (None, None)


def test_a_twin_in_capitals_is_the_same_subscriber(sqlite_db: Database) -> None:
    ask(sqlite_db)
    ask(sqlite_db, NOW + DAY, "ANN@Example.ORG")
    with sqlite_db.read() as session:
        assert session.scalars(select(Subscriber.address)).all() == [ANN]


def test_it_refuses_what_is_no_address_and_keeps_nothing(sqlite_db: Database) -> None:
    with sqlite_db.write() as session, pytest.raises(InvalidAddress):
        subscribe(session, signer, "ann@", FORM, NOW)
    with sqlite_db.read() as session:
        assert session.scalars(select(Subscriber)).all() == []


def test_it_asks_at_most_once_in_24_hours(sqlite_db: Database) -> None:
    for hours in (0, 1, 12, 23.99):
        ask(sqlite_db, NOW + hours * HOUR)
    assert confirmations(sqlite_db) == 1
    ask(sqlite_db, NOW + 24 * HOUR)
    assert confirmations(sqlite_db) == 2


def test_nobody_waits_for_a_time_that_a_wrong_clock_wrote(sqlite_db: Database) -> None:
    ask(sqlite_db, NOW + 400 * DAY)
    ask(sqlite_db, NOW)
    assert confirmations(sqlite_db) == 2
    ask(sqlite_db, NOW - timedelta(seconds=1))  # another machine, at the same time
    assert confirmations(sqlite_db) == 2


def test_it_asks_three_times_a_month_while_unconfirmed(sqlite_db: Database) -> None:
    asked = []
    for days in range(60):
        before = confirmations(sqlite_db)
        ask(sqlite_db, NOW + days * DAY)
        if confirmations(sqlite_db) > before:
            asked.append(days)
    assert asked == [0, 1, 2, 32, 33, 34]


def test_it_records_no_consent_where_it_does_not_ask(sqlite_db: Database) -> None:
    ask(sqlite_db)
    ask(sqlite_db)
    with sqlite_db.read() as session:
        assert len(ann(session).consents) == 1


def test_leaving_before_confirming_does_not_lift_the_limits(sqlite_db: Database) -> None:
    asked = []
    for days in range(6):
        for hours in (0, 1):
            now = NOW + days * DAY + hours * HOUR
            ask(sqlite_db, now)
            with sqlite_db.write() as session:
                leave(session, ann(session), now)
        asked.append(confirmations(sqlite_db))
    assert asked == [1, 2, 3, 3, 3, 3]


def test_who_had_confirmed_and_left_may_come_back_the_same_day(sqlite_db: Database) -> None:
    ask(sqlite_db)
    with sqlite_db.write() as session:
        confirm(ann(session), NOW + HOUR)
        leave(session, ann(session), NOW + 2 * HOUR)
    ask(sqlite_db, NOW + 3 * HOUR)
    assert confirmations(sqlite_db) == 2


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.BOUNCED, Status.COMPLAINED])
def test_who_is_subscribed_or_suppressed_is_not_asked(sqlite_db: Database, status: Status) -> None:
    with sqlite_db.write() as session:
        made = factories.subscriber(session, signer, ANN, status)
        if status is not Status.ACTIVE:
            suppress(session, made.address_hash, SuppressionReason.BOUNCE, NOW)
    ask(sqlite_db)
    assert confirmations(sqlite_db) == 0
    with sqlite_db.read() as session:
        assert ann(session).status is status
        assert ann(session).consents == []


def test_a_suppressed_address_that_is_new_is_not_asked(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        made = factories.subscriber(session, signer, ANN)
        suppress(session, made.address_hash, SuppressionReason.ERASURE, NOW)
        session.delete(made)
    ask(sqlite_db)
    assert confirmations(sqlite_db) == 0


@pytest.mark.parametrize("known", [None, *Status])
@pytest.mark.parametrize("suppressed", [False, True])
def test_the_answer_is_the_same_for_whoever_asks(
    sqlite_db: Database, known: Status | None, suppressed: bool
) -> None:
    with sqlite_db.write() as session:
        if known is not None:
            factories.subscriber(session, signer, ANN, known)
        if suppressed:
            hashed = address_hash(signer, parse_address(ANN))
            suppress(session, hashed, SuppressionReason.CURATOR, NOW)
        answer: object = subscribe(session, signer, ANN, FORM, NOW)  # type: ignore[func-returns-value]
    assert answer is None


def test_who_unsubscribed_is_asked_again_and_stays_out_until_confirming(
    sqlite_db: Database,
) -> None:
    with sqlite_db.write() as session:
        leave(session, factories.subscriber(session, signer, ANN), NOW)
    ask(sqlite_db, NOW + HOUR)
    assert confirmations(sqlite_db) == 1
    with sqlite_db.write() as session:
        assert ann(session).status is Status.UNSUBSCRIBED
        confirm(ann(session), NOW + 2 * HOUR)
    with sqlite_db.read() as session:
        assert ann(session).status is Status.ACTIVE
        assert ann(session).left_at is None


@pytest.mark.parametrize("known", [False, True])
def test_of_many_who_ask_for_one_address_at_once_one_is_sent_a_mail(
    db: Database, known: bool
) -> None:
    if known:
        with db.write() as session:
            factories.subscriber(session, signer, ANN, Status.PENDING)
    together = threading.Barrier(6)

    def submit() -> None:
        together.wait()
        ask(db)

    threads = [threading.Thread(target=submit) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert confirmations(db) == 1
    with db.read() as session:
        assert ann(session).confirmations == 1


def test_confirming_makes_active_and_twice_is_once(sqlite_db: Database) -> None:
    ask(sqlite_db)
    with sqlite_db.write() as session:
        confirm(ann(session), NOW + HOUR)
        confirm(ann(session), NOW + 2 * HOUR)
    with sqlite_db.read() as session:
        assert ann(session).status is Status.ACTIVE
        assert ann(session).confirmed_at == NOW + HOUR


def test_a_link_from_before_leaving_does_not_bring_back(sqlite_db: Database) -> None:
    ask(sqlite_db)
    with sqlite_db.write() as session:
        confirm(ann(session), NOW + HOUR)
        leave(session, ann(session), NOW + 2 * HOUR)
        with pytest.raises(ExpiredToken, match="before you left"):
            confirm(ann(session), NOW + 3 * HOUR)
        assert ann(session).status is Status.UNSUBSCRIBED


def test_preferences_are_set_together(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        made = factories.subscriber(session, signer, ANN)
        choose(made, "daily", "Asia/Kathmandu")
        assert (made.cadence, made.timezone) == (Cadence.DAILY, "Asia/Kathmandu")
        choose(made, "monday", "")
        assert (made.cadence, made.timezone) == (Cadence.MONDAY, None)


def test_preferences_that_are_wrong_change_nothing(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        made = factories.subscriber(session, signer, ANN)
        with pytest.raises(Invalid) as refused:
            choose(made, "hourly", "Mars/Olympus_Mons")
        assert set(refused.value.fields) == {"cadence", "timezone"}
        with pytest.raises(Invalid):
            choose(made, "daily", "Mars/Olympus_Mons")
        assert (made.cadence, made.timezone) == (Cadence.MONDAY, None)


def test_leaving_is_at_once_and_twice_is_once(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        made = factories.subscriber(session, signer, ANN)
        leave(session, made, NOW)
        leave(session, made, NOW + HOUR)
        assert (made.status, made.left_at) == (Status.UNSUBSCRIBED, NOW)


@pytest.mark.parametrize("status", [Status.BOUNCED, Status.COMPLAINED])
def test_leaving_does_not_hide_that_an_address_bounced_or_complained(
    sqlite_db: Database, status: Status
) -> None:
    with sqlite_db.write() as session:
        made = factories.subscriber(session, signer, ANN, status)
        leave(session, made, NOW)
        assert made.status is status


def delivery(session: Session, state: DeliveryState, leased: bool = False) -> Delivery:
    """What Ann is owed of an issue that is being sent."""
    issue = Issue(date=date(2026, 11, 23), state=IssueState.SENDING, created_at=NOW, frozen_at=NOW)
    session.add(issue)
    session.flush()
    owed = Delivery(
        issue_id=issue.id,
        subscriber_id=factories.subscriber(session, signer, ANN).id,
        state=state,
        not_before=NOW,
        lease_until=NOW + HOUR if leased else None,
        worker="worker" if leased else None,
    )
    session.add(owed)
    session.flush()
    return owed


def test_leaving_takes_out_of_what_is_being_sent(db: Database) -> None:
    with db.write() as session:
        owed = delivery(session, DeliveryState.PENDING)
        leave(session, ann(session), NOW + HOUR)
        session.refresh(owed)
        assert owed.state is DeliveryState.EXCLUDED
        assert (owed.reason, owed.not_before) == ("unsubscribed", None)
        assert owed.settled_at == NOW + HOUR


def test_what_may_have_been_sent_stays_unknown_and_is_not_tried_again(db: Database) -> None:
    with db.write() as session:
        owed = delivery(session, DeliveryState.UNKNOWN)
        leave(session, ann(session), NOW)
        session.refresh(owed)
        assert (owed.state, owed.not_before) == (DeliveryState.UNKNOWN, None)


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.FAILED])
def test_leaving_does_not_rewrite_what_has_happened(
    sqlite_db: Database, state: DeliveryState
) -> None:
    with sqlite_db.write() as session:
        owed = delivery(session, state)
        leave(session, ann(session), NOW)
        session.refresh(owed)
        assert owed.state is state


def test_leaving_leaves_a_claimed_delivery_to_its_worker(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        owed = delivery(session, DeliveryState.PENDING, leased=True)
        leave(session, ann(session), NOW)
        session.refresh(owed)
        assert (owed.state, owed.worker) == (DeliveryState.PENDING, "worker")


def test_leaving_touches_nobody_else(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        owed = delivery(session, DeliveryState.PENDING)
        bob = factories.subscriber(session, signer, "bob@example.org")
        leave(session, bob, NOW)
        session.refresh(owed)
        assert owed.state is DeliveryState.PENDING
        assert ann(session).status is Status.ACTIVE
