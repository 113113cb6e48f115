"""A token says what was signed, for its purpose, in its time; anything else is refused."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import BadToken, ExpiredToken
from newsletter.tokens import EXPIRY_BYTES, MAC_BYTES, Signer

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
signer = Signer("a secret for the tests, 0123456789")


@given(st.text(max_size=200), st.text(min_size=1, max_size=20))
def test_what_was_signed_is_read_back(value: str, purpose: str) -> None:
    assert signer.read(purpose, signer.sign(purpose, value), NOW) == value


@given(st.text(max_size=200))
def test_a_token_needs_no_escaping_in_a_path(value: str) -> None:
    assert set(signer.sign("purpose", value)) <= set(ALPHABET)


def test_it_refuses_every_token_that_differs_in_one_character() -> None:
    token = signer.sign("unsubscribe", "17", NOW + timedelta(days=1))
    for at, character in enumerate(token):
        for other in ALPHABET:
            if other != character:
                with pytest.raises(BadToken):
                    signer.read("unsubscribe", token[:at] + other + token[at + 1 :], NOW)


def test_it_refuses_every_part_of_a_token() -> None:
    token = signer.sign("unsubscribe", "17")
    for length in range(len(token)):
        with pytest.raises(BadToken):
            signer.read("unsubscribe", token[:length], NOW)


@given(st.text(max_size=100))
def test_it_refuses_whatever_was_not_signed(text: str) -> None:
    with pytest.raises(BadToken):
        signer.read("unsubscribe", text, NOW)


@pytest.mark.parametrize("around", ["{}=", "{}==", " {}", "{}\n", "{}.", "{}%3D"])
def test_it_refuses_a_second_spelling_of_a_token(around: str) -> None:
    token = signer.sign("unsubscribe", "17")
    with pytest.raises(BadToken):
        signer.read("unsubscribe", around.format(token), NOW)


def test_it_refuses_a_token_of_another_purpose() -> None:
    with pytest.raises(BadToken):
        signer.read("unsubscribe", signer.sign("preferences", "17"), NOW)


def test_it_refuses_a_token_under_another_secret() -> None:
    other = Signer("another secret for the tests, 9876")
    with pytest.raises(BadToken):
        signer.read("unsubscribe", other.sign("unsubscribe", "17"), NOW)


def test_it_refuses_a_token_whose_expiry_was_moved() -> None:
    token = signer.sign("confirm", "17", NOW)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    forged = base64.urlsafe_b64encode(bytes(EXPIRY_BYTES) + raw[EXPIRY_BYTES:])
    with pytest.raises(BadToken):
        signer.read("confirm", forged.rstrip(b"=").decode(), NOW)


def test_a_token_is_readable_until_it_expires_and_not_after() -> None:
    token = signer.sign("confirm", "17", NOW + timedelta(days=7))
    assert signer.read("confirm", token, NOW + timedelta(days=7)) == "17"
    with pytest.raises(ExpiredToken):
        signer.read("confirm", token, NOW + timedelta(days=7, seconds=1))


def test_a_token_without_an_expiry_is_readable_for_ever() -> None:
    token = signer.sign("unsubscribe", "17")
    assert signer.read("unsubscribe", token, NOW + timedelta(days=20_000)) == "17"


def test_a_token_carries_128_bits_that_only_the_secret_gives() -> None:
    token = signer.sign("unsubscribe", "")
    assert MAC_BYTES * 8 >= 128
    assert len(base64.urlsafe_b64decode(token + "==")) == EXPIRY_BYTES + MAC_BYTES


def test_a_fingerprint_tells_equal_from_unequal_and_nothing_else() -> None:
    ann = signer.fingerprint("address", "ann@example.org")
    assert ann == signer.fingerprint("address", "ann@example.org")
    assert ann != signer.fingerprint("address", "bob@example.org")
    assert ann != signer.fingerprint("ip", "ann@example.org")
    assert ann != Signer("another secret for the tests, 9876").fingerprint(
        "address", "ann@example.org"
    )
    assert len(bytes.fromhex(ann)) == MAC_BYTES
