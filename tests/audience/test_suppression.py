"""A suppressed address is known by a keyed hash alone, and for good."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from newsletter.audience.suppression import address_hash, is_suppressed, suppress
from newsletter.db import Database
from newsletter.email_address import parse_address
from newsletter.models.subscriber import Suppression, SuppressionReason
from newsletter.tokens import Signer

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
signer = Signer("a secret for the tests, 0123456789")


def hashed(text: str) -> str:
    return address_hash(signer, parse_address(text))


def test_a_suppressed_address_is_known_and_no_other(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        suppress(session, hashed("ann@example.org"), SuppressionReason.BOUNCE, NOW)
        assert is_suppressed(session, hashed("ann@example.org"))
        assert not is_suppressed(session, hashed("bob@example.org"))


@pytest.mark.parametrize("twin", ["ANN@example.org", "ann@EXAMPLE.org", "ann@example.org."])
def test_a_twin_of_an_address_is_suppressed_with_it(twin: str) -> None:
    assert hashed(twin) == hashed("ann@example.org")


def test_a_plus_tag_is_another_address() -> None:
    assert hashed("ann+news@example.org") != hashed("ann@example.org")


def test_the_hash_tells_nobody_without_the_secret_which_address_it_was() -> None:
    other = Signer("another secret for the tests, 9876")
    assert address_hash(other, parse_address("ann@example.org")) != hashed("ann@example.org")
    assert len(hashed("ann@example.org")) == 32


def test_the_first_reason_stays(db: Database) -> None:
    with db.write() as session:
        suppress(session, "hash", SuppressionReason.BOUNCE, NOW, "550 5.1.1 no such user")
        suppress(session, "hash", SuppressionReason.ERASURE, NOW + timedelta(days=1))
    with db.read() as session:
        kept = session.scalars(select(Suppression)).one()
        assert (kept.reason, kept.at) == (SuppressionReason.BOUNCE, NOW)
        assert kept.detail == "550 5.1.1 no such user"
