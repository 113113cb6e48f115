"""Codes of an app and recovery codes: each counts once, tries are counted, nothing is kept."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select

from newsletter.curators import accounts, second_factor
from newsletter.curators.second_factor import STEP_SECONDS, Code
from newsletter.curators.waiting import FREE_TRIES, LONGEST_WAIT
from newsletter.db import Database
from newsletter.errors import BadToken, Conflict, ExpiredToken, Invalid
from newsletter.models.curator import RecoveryCode, Role, Totp
from newsletter.tokens import Signer

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
STEP = timedelta(seconds=STEP_SECONDS)
SIGNER = Signer("a secret for the tests, 0123456789")
SALT = "a salt"
SECRET = second_factor.secret_of(SIGNER, SALT)


def code_at(moment: datetime) -> str:
    """As an app shows it that knows the secret alone."""
    return pyotp.TOTP(SECRET).at(moment)


def add(db: Database, address: str = "ann@example.org") -> int:
    with db.write() as session:
        return accounts.add_curator(session, address, Role.OWNER, None, NOW).id


def enable(db: Database, number: int) -> list[str]:
    """Half an hour ago, so that no test depends on that code."""
    at = NOW - timedelta(minutes=30)
    with db.write() as session:
        return second_factor.enable(session, SIGNER, number, SALT, code_at(at), at)


def accepts(db: Database, number: int, typed: str, at: datetime = NOW) -> Code | None:
    with db.write() as session:
        return second_factor.accepts(session, SIGNER, number, typed, at)


@pytest.fixture
def ann(db: Database) -> tuple[Database, int, list[str]]:
    number = add(db)
    return db, number, enable(db, number)


Ann = tuple[Database, int, list[str]]


def test_the_code_that_the_app_shows_is_right_however_it_is_typed(ann: Ann) -> None:
    db, number, _ = ann
    code = code_at(NOW)
    assert accepts(db, number, f" {code[:3]} {code[3:]} ")


def test_a_code_counts_once_and_none_of_an_earlier_step_after_it(ann: Ann) -> None:
    db, number, _ = ann
    assert accepts(db, number, code_at(NOW))
    assert not accepts(db, number, code_at(NOW))
    assert not accepts(db, number, code_at(NOW - STEP))
    assert accepts(db, number, code_at(NOW + STEP), NOW + STEP)


@pytest.mark.parametrize(
    ("off", "right"), [(-STEP, True), (STEP, True), (-2 * STEP, False), (2 * STEP, False)]
)
def test_a_phone_may_be_half_a_minute_wrong(
    sqlite_db: Database, off: timedelta, right: bool
) -> None:
    number = add(sqlite_db)
    enable(sqlite_db, number)
    assert accepts(sqlite_db, number, code_at(NOW + off)) is (Code.APP if right else None)


@pytest.mark.parametrize("typed", ["", "000000", "12345", "١٢٣٤٥٦", "\ud800", "x" * 10_000])
def test_anything_else_is_wrong(sqlite_db: Database, typed: str) -> None:
    number = add(sqlite_db)
    enable(sqlite_db, number)
    assert not accepts(sqlite_db, number, typed)


def test_of_two_at_the_same_moment_one_gets_in(ann: Ann) -> None:
    db, number, _ = ann
    with ThreadPoolExecutor(8) as threads:
        right = list(threads.map(lambda _: accepts(db, number, code_at(NOW)), range(8)))
    assert right.count(Code.APP) == 1


def test_the_code_of_the_setup_lets_nobody_in(sqlite_db: Database) -> None:
    number = add(sqlite_db)
    with sqlite_db.write() as session:
        second_factor.enable(session, SIGNER, number, SALT, code_at(NOW), NOW)
    assert not accepts(sqlite_db, number, code_at(NOW))


def test_wrong_tries_have_to_wait_and_a_right_one_ends_that(ann: Ann) -> None:
    db, number, _ = ann
    for _ in range(FREE_TRIES):
        assert not accepts(db, number, "000000")
    assert not accepts(db, number, code_at(NOW))
    later = NOW + LONGEST_WAIT
    assert accepts(db, number, code_at(later), later)
    with db.read() as session:
        totp = second_factor.totp_of(session, number)
        assert totp is not None
        assert (totp.failures, totp.failed_at) == (0, None)


def test_a_thousand_guesses_in_a_minute_are_a_few(sqlite_db: Database) -> None:
    number = add(sqlite_db)
    enable(sqlite_db, number)
    for n in range(1000):
        accepts(sqlite_db, number, f"{n:06}", NOW + n * timedelta(milliseconds=60))
    with sqlite_db.read() as session:
        totp = second_factor.totp_of(session, number)
    assert totp is not None
    assert totp.failures < 15


def test_a_recovery_code_works_once_and_only_for_whose_it_is(ann: Ann) -> None:
    db, number, codes = ann
    other = add(db, "ben@example.org")
    enable(db, other)
    assert len(set(codes)) == second_factor.CODES
    assert not accepts(db, other, codes[0])
    assert accepts(db, number, codes[0].upper().replace("-", " ")) is Code.RECOVERY
    assert not accepts(db, number, codes[0])
    with db.read() as session:
        assert second_factor.recovery_codes_left(session, number) == len(codes) - 1


def test_new_recovery_codes_replace_the_old(ann: Ann) -> None:
    db, number, codes = ann
    with db.write() as session:
        renewed = second_factor.renew_recovery_codes(session, SIGNER, number)
    assert not accepts(db, number, codes[0])
    assert accepts(db, number, renewed[0])


def test_the_database_holds_neither_the_secret_nor_a_code(ann: Ann) -> None:
    db, number, codes = ann
    with db.read() as session:
        totp = session.get_one(Totp, number)
        kept = [str(value) for value in vars(totp).values()]
        kept += session.scalars(select(RecoveryCode.code_hash)).all()
    for secret in (SECRET, *codes, *(code.replace("-", "") for code in codes)):
        assert all(secret not in value for value in kept)
    other = Signer("another secret for the tests, 0123")
    assert second_factor.secret_of(other, SALT) != SECRET


def test_a_wrong_code_enables_nothing(sqlite_db: Database) -> None:
    number = add(sqlite_db)
    with pytest.raises(Invalid, match="not right"), sqlite_db.write() as session:
        second_factor.enable(session, SIGNER, number, SALT, "000000", NOW)
    with sqlite_db.read() as session:
        assert second_factor.totp_of(session, number) is None


def test_it_is_not_enabled_twice_and_codes_belong_to_an_app(ann: Ann) -> None:
    db, number, _ = ann
    with pytest.raises(Conflict, match="already"):
        enable(db, number)
    other = add(db, "ben@example.org")
    with pytest.raises(Conflict, match="Set up"), db.write() as session:
        second_factor.renew_recovery_codes(session, SIGNER, other)


def test_switched_off_nothing_is_left(ann: Ann) -> None:
    db, number, codes = ann
    with db.write() as session:
        second_factor.drop_all(session, number)
    assert not accepts(db, number, code_at(NOW))
    assert not accepts(db, number, codes[0])
    with db.read() as session:
        assert not second_factor.has_one(session, number)


def test_a_removed_curator_takes_it_along(ann: Ann) -> None:
    db, number, _ = ann
    add(db, "ben@example.org")
    with db.write() as session:
        accounts.remove(session, accounts.get(session, number))
    with db.read() as session:
        assert session.scalars(select(Totp)).all() == []
        assert session.scalars(select(RecoveryCode)).all() == []


def test_a_setup_is_for_one_account_and_an_hour() -> None:
    setup = second_factor.new_setup(SIGNER, 1, NOW)
    assert second_factor.salt_of(SIGNER, setup, 1, NOW)
    with pytest.raises(BadToken):
        second_factor.salt_of(SIGNER, setup, 2, NOW)
    with pytest.raises(ExpiredToken):
        second_factor.salt_of(SIGNER, setup, 1, NOW + timedelta(hours=2))


def broken_by_time(db: Database, number: int) -> datetime:
    return NOW + second_factor.HALF_FOR + timedelta(seconds=1)


def broken_by_a_password(db: Database, number: int) -> datetime:
    with db.write() as session:
        accounts.set_password(accounts.get(session, number), "an entirely new password")
    return NOW


@pytest.mark.parametrize("broken", [broken_by_time, broken_by_a_password])
def test_half_way_in_ends_with_ten_minutes_or_the_password(
    sqlite_db: Database, broken: Callable[[Database, int], datetime]
) -> None:
    number = add(sqlite_db)
    with sqlite_db.read() as session:
        token = second_factor.half_token(SIGNER, accounts.get(session, number), NOW)
        assert second_factor.by_half_token(session, SIGNER, token, NOW).id == number
    at = broken(sqlite_db, number)
    with pytest.raises((BadToken, ExpiredToken)), sqlite_db.read() as session:
        second_factor.by_half_token(session, SIGNER, token, at)


def test_who_has_none_lacks_one_where_it_is_required(db: Database) -> None:
    ann, ben = add(db), add(db, "ben@example.org")
    enable(db, ann)
    for required in (False, True, False):
        with db.write() as session:
            second_factor.require(session, required)
        with db.read() as session:
            assert second_factor.lacks_one(session, ben) is required
            assert not second_factor.lacks_one(session, ann)
    with db.read() as session:
        assert second_factor.of_everybody(session) == {ann: "app"}
