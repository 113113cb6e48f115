"""Log lines: what they were about, and nobody's address."""

import logging
import sys
import time

import pytest

from newsletter.host.log_format import LogFormat, without_personal_data


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("DETAIL:  Key (address_key)=(ann@example.org) exists", "(address)) exists"),
        ("<Ann.Lee+tag@mail.example.org>: user unknown", "<(address)>: user unknown"),
        ("bénédicte@exämple.org", "(address)"),
        ("POST /unsubscribe/AAAA-_b failed", "/unsubscribe/(token) failed"),
        ("/admin/password/AAAA~x", "/admin/password/(token)"),
    ],
)
def test_a_line_quotes_no_address_and_no_link(line: str, written: str) -> None:
    assert without_personal_data(line).endswith(written)
    assert "@" not in without_personal_data(line)


def test_a_line_without_any_stays_as_it_is() -> None:
    line = "the issue of 2026-11-30 is sent: 20,000 of 20,000 @ 5,000/s"
    assert without_personal_data(line) == line


def test_a_traceback_has_none_either() -> None:
    try:
        raise ValueError("ann@example.org is not welcome")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "failed", (), sys.exc_info())
    text = LogFormat().format(record)
    assert "is not welcome" in text
    assert "example.org" not in text


@pytest.mark.parametrize("letter", ["a", "a.", "@", "a@", "é+", "%"])
def test_a_hostile_line_takes_no_time(letter: str) -> None:
    began = time.process_time()
    without_personal_data(letter * 100_000)
    assert time.process_time() - began < 1
