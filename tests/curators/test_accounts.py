"""Curators: adding and removing them, their passwords, their tries to sign in."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from newsletter import clock
from newsletter.curators import (
    accounts,
    logins,
)
from newsletter.curators.waiting import FREE_TRIES, LONGEST_WAIT
from newsletter.db import Database
from newsletter.errors import BadToken, Conflict, ExpiredToken, Invalid, InvalidAddress
from newsletter.models import Curator
from newsletter.models.curator import Role
from newsletter.tokens import Signer

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
SIGNER = Signer("a secret for the tests, 0123456789")


def add(db: Database, address: str = "ann@example.org", role: Role = Role.OWNER) -> int:
    with db.write() as session:
        return accounts.add_curator(session, address, role, PASSWORD, NOW).id


def attempt(
    db: Database, password: str, at: datetime, device: str = "", address: str = "ann@example.org"
) -> bool:
    with db.write() as session:
        made = logins.begin_try(session, SIGNER, address, device, at)
    if not made.succeeds(password) or made.curator_id is None:
        return False
    with db.write() as session:
        logins.open_session(session, made.curator_id, at)
    return True


def test_it_keeps_a_password_as_argon2id_alone(db: Database) -> None:
    number = add(db)
    with db.read() as session:
        kept = accounts.get(session, number).password_hash
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    assert accounts.matches(kept, PASSWORD)
    assert not accounts.matches(kept, PASSWORD + "!")


def test_it_finds_an_address_however_it_is_capitalised(sqlite_db: Database) -> None:
    add(sqlite_db, "Ann@Example.org")
    with sqlite_db.read() as session:
        found = accounts.find(session, " aNN@eXAMPLE.org ")
        assert found is not None
        assert found.address == "Ann@example.org"


def test_it_refuses_a_second_account_for_one_address(sqlite_db: Database) -> None:
    add(sqlite_db)
    with pytest.raises(Conflict, match="a curator already"):
        add(sqlite_db, "ANN@example.org")


@pytest.mark.parametrize("password", ["", "elevenchars", "x" * 1001])
def test_it_refuses_a_password_that_is_too_short_or_absurdly_long(
    sqlite_db: Database, password: str
) -> None:
    with pytest.raises(Invalid) as caught, sqlite_db.write() as session:
        accounts.add_curator(session, "ann@example.org", Role.OWNER, password, NOW)
    assert "password" in caught.value.fields


def test_it_refuses_what_is_no_address(sqlite_db: Database) -> None:
    with pytest.raises(InvalidAddress), sqlite_db.write() as session:
        accounts.add_curator(session, "ann@", Role.OWNER, PASSWORD, NOW)


def test_nobody_signs_in_to_an_account_without_a_password(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        accounts.add_curator(session, "ann@example.org", Role.SENDER, None, NOW)
    assert not attempt(sqlite_db, "", NOW)


def test_the_last_owner_cannot_be_removed_or_made_a_curator(db: Database) -> None:
    number = add(db)
    add(db, "bob@example.org", Role.SENDER)
    with pytest.raises(Conflict, match="last owner"), db.write() as session:
        accounts.remove(session, accounts.get(session, number))
    with pytest.raises(Conflict, match="last owner"), db.write() as session:
        accounts.change_role(session, accounts.get(session, number), Role.SENDER)


def test_an_owner_beside_another_can_go(db: Database) -> None:
    number = add(db)
    other = add(db, "bob@example.org")
    with db.write() as session:
        key = logins.open_session(session, number, NOW)
    with db.write() as session:
        accounts.remove(session, accounts.get(session, number))
    with db.read() as session:
        assert [c.id for c in accounts.everyone(session)] == [other]
        assert logins.find_session(session, key, NOW) is None


def test_wrong_passwords_make_an_address_wait_longer_each_time(sqlite_db: Database) -> None:
    add(sqlite_db)
    for _ in range(FREE_TRIES):
        assert not attempt(sqlite_db, "wrong", NOW)
    assert not attempt(sqlite_db, PASSWORD, NOW + timedelta(seconds=0.9))
    assert not attempt(sqlite_db, "wrong", NOW + timedelta(seconds=1))
    assert not attempt(sqlite_db, PASSWORD, NOW + timedelta(seconds=2.9))
    assert attempt(sqlite_db, PASSWORD, NOW + timedelta(seconds=3))


def test_the_wait_has_an_end_however_long_somebody_guesses(sqlite_db: Database) -> None:
    number = add(sqlite_db)
    with sqlite_db.write() as session:
        curator = accounts.get(session, number)
        curator.failed_logins, curator.failed_at = 100_000, NOW
    assert attempt(sqlite_db, PASSWORD, NOW + LONGEST_WAIT)


def test_nobody_waits_for_a_time_that_a_wrong_clock_wrote(sqlite_db: Database) -> None:
    number = add(sqlite_db)
    with sqlite_db.write() as session:
        curator = accounts.get(session, number)
        curator.created_at = NOW + timedelta(days=400)
        curator.failed_logins, curator.failed_at = 100_000, NOW + timedelta(days=400)
    assert attempt(sqlite_db, PASSWORD, NOW)


def test_an_account_that_is_of_the_future_is_open_now(sqlite_db: Database) -> None:
    add(sqlite_db)
    assert attempt(sqlite_db, PASSWORD, NOW - timedelta(days=400))


def test_guesses_at_once_wait_for_each_other_though_their_clocks_differ(
    sqlite_db: Database,
) -> None:
    add(sqlite_db)
    for _ in range(FREE_TRIES):
        attempt(sqlite_db, "wrong", NOW)
    assert not attempt(sqlite_db, PASSWORD, NOW - timedelta(seconds=30))


def test_tries_made_while_waiting_do_not_lengthen_the_wait(sqlite_db: Database) -> None:
    add(sqlite_db)
    for _ in range(FREE_TRIES + 50):
        attempt(sqlite_db, "wrong", NOW)
    assert attempt(sqlite_db, PASSWORD, NOW + timedelta(seconds=1))


def test_a_try_is_counted_before_its_password_is_looked_at(sqlite_db: Database) -> None:
    number = add(sqlite_db)
    with sqlite_db.write() as session:
        logins.begin_try(session, SIGNER, "ann@example.org", "", NOW)
    with sqlite_db.read() as session:
        assert accounts.get(session, number).failed_logins == 1


def test_a_stranger_who_guesses_does_not_lock_the_owner_out(sqlite_db: Database) -> None:
    number = add(sqlite_db)
    device = logins.device_token(SIGNER, number, NOW)
    for _ in range(FREE_TRIES + 5):
        attempt(sqlite_db, "wrong", NOW)
    assert not attempt(sqlite_db, PASSWORD, NOW)
    assert attempt(sqlite_db, PASSWORD, NOW, device)


def test_one_curators_device_is_nothing_to_another(sqlite_db: Database) -> None:
    add(sqlite_db)
    other = add(sqlite_db, "bob@example.org")
    for _ in range(FREE_TRIES):
        attempt(sqlite_db, "wrong", NOW)
    assert not attempt(sqlite_db, PASSWORD, NOW, logins.device_token(SIGNER, other, NOW))


def test_signing_in_forgets_the_wrong_tries(sqlite_db: Database) -> None:
    number = add(sqlite_db)
    attempt(sqlite_db, "wrong", NOW)
    assert attempt(sqlite_db, PASSWORD, NOW)
    with sqlite_db.read() as session:
        assert accounts.get(session, number).failed_logins == 0


@pytest.mark.parametrize(
    ("unused", "used", "held"),
    [
        (timedelta(hours=12), timedelta(0), True),
        (timedelta(hours=12, seconds=1), timedelta(0), False),
        (timedelta(0), timedelta(days=14), True),
        (timedelta(0), timedelta(days=14, seconds=1), False),
    ],
)
def test_a_session_ends_when_it_is_idle_or_old(
    db: Database, unused: timedelta, used: timedelta, held: bool
) -> None:
    number = add(db)
    with db.write() as session:
        key = logins.open_session(session, number, NOW)
        row = logins.find_session(session, key, NOW)
        assert row is not None
        logins.note_use(session, row.id, NOW + used, "192.0.2.1")
    with db.read() as session:
        found = logins.find_session(session, key, NOW + used + unused)
    assert (found is not None) is held


def test_a_session_that_a_wrong_clock_began_does_not_outlast_its_time(db: Database) -> None:
    number = add(db)
    with db.write() as session:
        ahead = logins.open_session(session, number, NOW + timedelta(days=400))
        nearly = logins.open_session(session, number, NOW + clock.MAY_DIFFER)
    with db.read() as session:
        assert logins.find_session(session, ahead, NOW) is None
        assert logins.find_session(session, nearly, NOW) is not None
        assert len(logins.sessions_of(session, number, NOW)) == 1


def test_the_key_of_a_session_is_not_kept(sqlite_db: Database) -> None:
    number = add(sqlite_db)
    with sqlite_db.write() as session:
        key = logins.open_session(session, number, NOW)
        row = logins.find_session(session, key, NOW)
        assert row is not None
        assert key not in row.key_hash


def test_a_reset_token_is_for_one_hour_and_one_use(sqlite_db: Database) -> None:
    number = add(sqlite_db)
    with sqlite_db.read() as session:
        token = logins.reset_token(SIGNER, accounts.get(session, number), NOW)
    with sqlite_db.write() as session:
        assert logins.by_reset_token(session, SIGNER, token, NOW + logins.RESET_FOR).id == number
        with pytest.raises(ExpiredToken):
            logins.by_reset_token(session, SIGNER, token, NOW + timedelta(hours=1, seconds=1))
        accounts.set_password(accounts.get(session, number), "another long password")
    with sqlite_db.read() as session, pytest.raises(BadToken, match="used already"):
        logins.by_reset_token(session, SIGNER, token, NOW)


def test_a_reset_token_of_somebody_removed_is_refused(sqlite_db: Database) -> None:
    add(sqlite_db)
    number = add(sqlite_db, "bob@example.org")
    with sqlite_db.write() as session:
        curator = session.get_one(Curator, number)
        token = logins.reset_token(SIGNER, curator, NOW)
        accounts.remove(session, curator)
        with pytest.raises(BadToken):
            logins.by_reset_token(session, SIGNER, token, NOW)


def test_a_password_is_dear_to_guess() -> None:
    """RFC 9106, section 4: the second recommended option is three passes over 64 MiB."""
    module = "newsletter.curators.accounts"
    asked = f"from {module} import HASHER as h; print(h.time_cost, h.memory_cost)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    passes, kibibytes = map(int, told.stdout.split())
    assert (passes, kibibytes) >= (3, 64 * 1024)
