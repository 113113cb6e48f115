"""Passkeys: what a device signed counts once, for this site, for its owner."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from newsletter.curators import accounts, passkeys
from newsletter.curators.passkeys import ANSWER_WITHIN, AT_MOST, Challenge, Site
from newsletter.db import Database
from newsletter.errors import Conflict, Invalid, NotFound
from newsletter.models.curator import Passkey, Role
from newsletter.tokens import Signer
from tests.curators.authenticator import Authenticator

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SIGNER = Signer("a secret for the tests, 0123456789")
SITE = Site("https://news.example.org", "Dataset Daily")


def device() -> Authenticator:
    return Authenticator(SITE.host, SITE.origin)


def add(db: Database, address: str = "ann@example.org") -> int:
    with db.write() as session:
        return accounts.add_curator(session, address, Role.OWNER, None, NOW).id


def register(db: Database, number: int, made: Authenticator, at: datetime = NOW) -> Passkey:
    challenge = Challenge.new(at)
    with db.write() as session:
        options = passkeys.registration_options(session, SIGNER, SITE, number, challenge)
        return passkeys.register(
            session, SITE, number, "Laptop", made.create(options), challenge, at
        )


def sign_in(db: Database, answer: str, challenge: Challenge, at: datetime) -> int:
    with db.write() as session:
        return passkeys.signed_in(session, SITE, answer, challenge, at)


def test_a_device_signs_its_owner_in(db: Database) -> None:
    ann, ben = add(db), add(db, "ben@example.org")
    hers = device()
    his = Authenticator(SITE.host, SITE.origin, b"another credential")
    register(db, ann, hers)
    register(db, ben, his)
    for made, number in ((hers, ann), (his, ben)):
        challenge = Challenge.new(NOW)
        answer = made.get(passkeys.sign_in_options(SITE, challenge))
        assert sign_in(db, answer, challenge, NOW + SECOND) == number
    with db.read() as session:
        (kept,) = passkeys.of_curator(session, ann)
    assert (kept.name, kept.sign_count, kept.used_at) == ("Laptop", 1, NOW + SECOND)


def test_an_answer_counts_once(db: Database) -> None:
    number, made = add(db), device()
    register(db, number, made)
    made.count = -1  # many count nothing, and say 0 each time
    challenge = Challenge.new(NOW)
    answer = made.get(passkeys.sign_in_options(SITE, challenge))
    assert sign_in(db, answer, challenge, NOW + SECOND) == number
    with pytest.raises(Invalid, match="took too long"):
        sign_in(db, answer, challenge, NOW + 2 * SECOND)


def elsewhere(made: Authenticator) -> Authenticator:
    return replace(made, origin="https://news.example.com")


def of_another_name(made: Authenticator) -> Authenticator:
    return replace(made, host="example.com")


def without_its_owner(made: Authenticator) -> Authenticator:
    return replace(made, verifies=False)


def with_another_key(made: Authenticator) -> Authenticator:
    return Authenticator(made.host, made.origin, made.credential_id)


def copied(made: Authenticator) -> Authenticator:
    return replace(made, count=0)  # behind what was counted


@pytest.mark.parametrize(
    "wrong", [elsewhere, of_another_name, without_its_owner, with_another_key, copied]
)
def test_what_another_site_or_device_signed_lets_nobody_in(
    sqlite_db: Database, wrong: Callable[[Authenticator], Authenticator]
) -> None:
    number, made = add(sqlite_db), replace(device(), count=7)
    register(sqlite_db, number, made)
    challenge = Challenge.new(NOW)
    answer = wrong(made).get(passkeys.sign_in_options(SITE, challenge))
    with pytest.raises(Invalid, match="did not sign in"):
        sign_in(sqlite_db, answer, challenge, NOW)


@pytest.mark.parametrize("wrong", [elsewhere, of_another_name, without_its_owner])
def test_what_another_site_made_is_not_kept(
    sqlite_db: Database, wrong: Callable[[Authenticator], Authenticator]
) -> None:
    number = add(sqlite_db)
    with pytest.raises(Invalid, match="no passkey that can be used"):
        register(sqlite_db, number, wrong(device()))


def test_another_challenge_or_an_old_one_is_refused(sqlite_db: Database) -> None:
    number, made = add(sqlite_db), device()
    register(sqlite_db, number, made)
    challenge = Challenge.new(NOW)
    answer = made.get(passkeys.sign_in_options(SITE, challenge))
    with pytest.raises(Invalid, match="did not sign in"):
        sign_in(sqlite_db, answer, Challenge.new(NOW), NOW)
    with pytest.raises(Invalid, match="took too long"):
        sign_in(sqlite_db, answer, challenge, NOW + ANSWER_WITHIN + SECOND)


def test_an_unknown_passkey_is_told(sqlite_db: Database) -> None:
    challenge = Challenge.new(NOW)
    answer = device().get(passkeys.sign_in_options(SITE, challenge))
    with pytest.raises(Invalid, match="not known here"):
        sign_in(sqlite_db, answer, challenge, NOW)


@pytest.mark.parametrize(
    "answer",
    ["", "{", "[]", "null", '{"id": 7}', '{"id": "AA"}', '{"id": "\\u0000"}', "\ud800", "é",
     '{"id": []}', json.dumps({"id": "x" * 30_000}), "[" * 5_000],
    ids=range(12),
)  # fmt: skip
def test_what_no_browser_sends_is_refused_in_a_sentence(db: Database, answer: str) -> None:
    number = add(db)
    with pytest.raises(Invalid):
        sign_in(db, answer, Challenge.new(NOW), NOW)
    with pytest.raises(Invalid), db.write() as session:
        passkeys.register(session, SITE, number, "x", answer, Challenge.new(NOW), NOW)


def test_each_part_of_an_answer_may_be_garbage(sqlite_db: Database) -> None:
    number, made = add(sqlite_db), device()
    register(sqlite_db, number, made)
    challenge = Challenge.new(NOW)
    whole = json.loads(made.get(passkeys.sign_in_options(SITE, challenge)))
    for part in whole["response"]:
        garbage: Any
        for garbage in ("", "!", "AAAA", None, 7, [], {}):
            broken = whole | {"response": whole["response"] | {part: garbage}}
            with pytest.raises(Invalid):
                sign_in(sqlite_db, json.dumps(broken), challenge, NOW)


def test_a_device_is_kept_once_and_a_curator_has_so_many(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, made = add(db), device()
    register(db, number, made)
    with pytest.raises(Conflict, match="known already"):
        register(db, number, made)
    assert AT_MOST > 5
    monkeypatch.setattr(passkeys, "AT_MOST", 1)
    with pytest.raises(Conflict, match="Remove a passkey first"):
        register(db, number, Authenticator(SITE.host, SITE.origin, b"another"))


def test_only_its_owner_removes_it(db: Database) -> None:
    ann, ben = add(db), add(db, "ben@example.org")
    kept = register(db, ann, device())
    with pytest.raises(NotFound), db.write() as session:
        passkeys.remove(session, ben, kept.id)
    with db.write() as session:
        passkeys.remove(session, ann, kept.id)
    with db.read() as session:
        assert passkeys.of_curator(session, ann) == []


@pytest.mark.parametrize(
    ("base_url", "host", "origin", "has_name"),
    [
        ("https://news.example.org", "news.example.org", "https://news.example.org", True),
        ("http://localhost:8000", "localhost", "http://localhost:8000", True),
        ("http://127.0.0.1:8000", "127.0.0.1", "http://127.0.0.1:8000", False),
        ("http://[::1]:8000", "::1", "http://[::1]:8000", False),
    ],
)
def test_it_belongs_to_the_name_of_the_site(
    base_url: str, host: str, origin: str, has_name: bool
) -> None:
    site = Site(base_url, "x")
    assert (site.host, site.origin, site.has_name) == (host, origin, has_name)
