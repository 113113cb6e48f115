"""Erasure leaves the counts and a keyed hash, and nothing that names the person."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from newsletter.audience.privacy import erase
from newsletter.audience.subscriptions import ConsentGiven, find, subscribe
from newsletter.audience.suppression import is_suppressed, suppress
from newsletter.db import Base, Database
from newsletter.delivery.queue.balance import balance_of
from newsletter.email_address import parse_address
from newsletter.models.delivery import Delivery, DeliveryState, Notice, NoticeKind
from newsletter.models.feedback import FeedbackEvent, FeedbackKind
from newsletter.models.issue import Issue, IssueState
from newsletter.models.submission import Submission, SubmissionKind
from newsletter.models.subscriber import Subscriber, Suppression, SuppressionReason
from newsletter.tokens import Signer
from tests import factories

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ANN = "ann@example.org"
REPLY = f"452 4.2.2 <{ANN}>: the mailbox is full"  # as servers do, it quotes the address
signer = Signer("a secret for the tests, 0123456789")


def everything(db: Database) -> str:
    """Each cell of each table, as text."""
    with db.read() as session:
        return "\n".join(
            str(tuple(row))
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table))
        )


def add_ann(db: Database) -> str:
    """A subscriber with a past in every table; returns the hash of the address."""
    with db.write() as session:
        subscribe(session, signer, ANN, ConsentGiven("site", "Yes.", "192.0.2.7"), NOW)
        ann = find(session, parse_address(ANN))
        assert ann is not None
        ann.name = "Ann Example"
        for week, state in enumerate((DeliveryState.SENT, DeliveryState.PENDING)):
            issue = Issue(
                date=date(2026, 11, 16) + timedelta(weeks=week),
                state=IssueState.SENDING,
                created_at=NOW,
                frozen_at=NOW,
                candidates=1,
            )
            session.add(issue)
            session.flush()
            session.add(
                Delivery(
                    issue_id=issue.id,
                    subscriber_id=ann.id,
                    state=state,
                    not_before=NOW,
                    reply=REPLY,
                )
            )
        session.add(
            Submission(
                kind=SubmissionKind.DATASET,
                title="Seals",
                about="Counts of seals.",
                name="A.",
                address=ANN.title(),
                created_at=NOW,
            )
        )
        session.add(Notice(kind=NoticeKind.ANSWER, address=ANN, created_at=NOW, not_before=NOW))
        session.add(
            FeedbackEvent(
                provider="dsn",
                event_key="1",
                kind=FeedbackKind.SOFT_BOUNCE,
                subscriber_id=ann.id,
                detail=REPLY,
                at=NOW,
            )
        )
        return ann.address_hash


def test_nothing_that_names_the_person_is_left(db: Database) -> None:
    hashed = add_ann(db)
    assert "ann" in everything(db).lower()
    with db.write() as session:
        ann = find(session, parse_address(ANN))
        assert ann is not None
        erase(session, ann, NOW)
    left = everything(db).lower()
    assert ANN not in left
    assert "ann example" not in left
    assert signer.fingerprint("ip", "192.0.2.7") not in left
    with db.read() as session:
        assert session.scalars(select(Subscriber)).all() == []
        assert session.scalars(select(Notice)).all() == []
        assert session.scalars(select(FeedbackEvent.subscriber_id)).all() == [None]
        assert session.scalars(select(Suppression.reason)).all() == [SuppressionReason.ERASURE]
        assert is_suppressed(session, hashed)


def test_what_a_server_said_of_an_address_that_bounced_goes_too(db: Database) -> None:
    hashed = add_ann(db)
    with db.write() as session:
        suppress(session, hashed, SuppressionReason.BOUNCE, NOW, REPLY)
        ann = find(session, parse_address(ANN))
        assert ann is not None
        erase(session, ann, NOW)
    assert ANN not in everything(db).lower()
    with db.read() as session:
        assert is_suppressed(session, hashed)


def test_what_was_for_a_curator_of_the_same_address_stays_and_nothing_else(db: Database) -> None:
    with db.write() as session:
        ann = factories.subscriber(session, signer, ANN)
        for kind in NoticeKind:
            session.add(Notice(kind=kind, address=ANN, created_at=NOW, not_before=NOW))
        session.flush()
        erase(session, ann, NOW)
    with db.read() as session:
        kept = session.scalars(select(Notice.kind).order_by(Notice.id)).all()
    assert kept == [NoticeKind.ALERT, NoticeKind.TEST, NoticeKind.RESET]


def test_the_counts_of_past_issues_stay_and_what_was_owed_is_excluded(db: Database) -> None:
    add_ann(db)
    with db.write() as session:
        ann = find(session, parse_address(ANN))
        assert ann is not None
        erase(session, ann, NOW)
    with db.read() as session:
        past, owed = session.scalars(select(Issue).order_by(Issue.date))
        assert balance_of(session, past).sent == 1
        assert balance_of(session, owed).excluded == 1
        assert balance_of(session, past).holds
        assert balance_of(session, owed).holds
        assert session.scalars(select(Delivery.subscriber_id)).all() == [None, None]


def test_who_was_erased_and_asks_again_is_not_mailed(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        erase(session, factories.subscriber(session, signer, ANN), NOW)
    with sqlite_db.write() as session:
        subscribe(session, signer, ANN, ConsentGiven("site", "Yes."), NOW + timedelta(days=90))
        assert session.scalars(select(Notice)).all() == []
