"""Links in mails: each speaks for one person and one purpose, and tells nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from newsletter.audience import links
from newsletter.audience.links import (
    CONFIRM,
    PREFERENCES,
    UNSUBSCRIBE,
    by_token,
    confirm_token,
    find,
    token_of,
)
from newsletter.audience.privacy import erase
from newsletter.db import Database
from newsletter.errors import BadToken, ExpiredToken
from newsletter.models.subscriber import Subscriber
from newsletter.tokens import Signer
from tests import factories

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANN, BOB = "ann@example.org", "bob@example.org"
PURPOSES = [CONFIRM, PREFERENCES, UNSUBSCRIBE]
signer = Signer("a secret for the tests, 0123456789")


def test_a_confirm_link_speaks_for_its_subscriber_for_seven_days(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        ann = factories.subscriber(session, signer, ANN)
        token = confirm_token(signer, ann, NOW)
        assert by_token(session, signer, CONFIRM, token, NOW + 7 * DAY) is ann
        with pytest.raises(ExpiredToken):
            by_token(session, signer, CONFIRM, token, NOW + 7 * DAY + HOUR)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_link_serves_one_purpose(sqlite_db: Database, purpose: str) -> None:
    with sqlite_db.write() as session:
        ann = factories.subscriber(session, signer, ANN)
        token = token_of(signer, purpose, ann)
        assert by_token(session, signer, purpose, token, NOW) is ann
        for other in set(PURPOSES) - {purpose}:
            with pytest.raises(BadToken):
                by_token(session, signer, other, token, NOW)


def test_a_link_of_somebody_gone_never_reaches_somebody_new(db: Database) -> None:
    with db.write() as session:
        gone = factories.subscriber(session, signer, ANN)
        token = token_of(signer, UNSUBSCRIBE, gone)
        number = gone.id
        session.delete(gone)
    with db.write() as session:
        factories.subscriber(session, signer, BOB, id=number)
        with pytest.raises(BadToken, match="no longer exists"):
            by_token(session, signer, UNSUBSCRIBE, token, NOW)


def test_a_link_from_before_somebody_was_forgotten_is_not_theirs_when_they_are_back(
    db: Database,
) -> None:
    with db.write() as session:
        ann = factories.subscriber(session, signer, ANN)
        token, number = token_of(signer, PREFERENCES, ann), ann.id
        session.delete(ann)
    with db.write() as session:
        factories.subscriber(session, signer, ANN, id=number + 1)
        with pytest.raises(BadToken):
            by_token(session, signer, PREFERENCES, token, NOW)


def test_a_link_of_somebody_erased_has_nothing_left_to_do(db: Database) -> None:
    with db.write() as session:
        ann = factories.subscriber(session, signer, ANN)
        token = token_of(signer, UNSUBSCRIBE, ann)
        erase(session, ann, NOW)
    with db.read() as session:
        assert find(session, signer, UNSUBSCRIBE, token, NOW) is None
        with pytest.raises(BadToken, match="no longer exists"):
            by_token(session, signer, UNSUBSCRIBE, token, NOW)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_link_that_named_the_number_alone_is_good_for_who_was_there_then(
    db: Database, purpose: str
) -> None:
    with db.write() as session:
        ann = factories.subscriber(session, signer, ANN)
        ben = factories.subscriber(session, signer, BOB)
        session.execute(update(Subscriber).where(Subscriber.id == ann.id).values(binds_links=False))
        session.refresh(ann)
        of_ann, of_ben = (signer.sign(purpose, str(reader.id)) for reader in (ann, ben))
        assert by_token(session, signer, purpose, of_ann, NOW) is ann
        assert by_token(session, signer, purpose, token_of(signer, purpose, ann), NOW) is ann
        with pytest.raises(BadToken):  # a number that somebody else had before
            by_token(session, signer, purpose, of_ben, NOW)
        assert find(session, signer, purpose, signer.sign(purpose, "999"), NOW) is None


def test_a_link_tells_nothing_of_how_many_there_are(sqlite_db: Database) -> None:
    tokens = {links.token(signer, UNSUBSCRIBE, number, "ab" * 16) for number in (7, 7_000_000)}
    assert len(tokens) == 2
    assert {len(token) for token in tokens} == {50}
    first, second = tokens
    assert first[:28] == second[:28]  # what is not the signature is the address's hash alone


@pytest.mark.parametrize("text", ["", "x", "A" * 50, "A" * 28, "ä", "A" * 5000])
def test_what_is_no_link_is_refused(sqlite_db: Database, text: str) -> None:
    with sqlite_db.read() as session, pytest.raises(BadToken):
        by_token(session, signer, UNSUBSCRIBE, text, NOW)
