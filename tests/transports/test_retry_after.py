"""RFC 9110 10.2.3: seconds or a date, of an answer that speaks of us."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.transports.retry_after import LONGEST, retry_after

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Mon, 23 Nov 2026 09:02:00 GMT", 120),
        ("Monday, 23-Nov-26 09:02:00 GMT", 120),  # as of old (RFC 850)
        ("Mon Nov 23 09:02:00 2026", 120),  # as of C's asctime
        ("Mon, 23 Nov 2026 09:02:00 -0000", 120),
        ("Mon, 23 Nov 2026 08:00:00 GMT", 0),  # a clock that differs from ours
    ],
)
def test_each_form_is_read(status: int, header: str, seconds: int) -> None:
    assert retry_after(status, header, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "header", [None, "", "soon", "-5", "1.5", "12 s", "٣٠", "Mon, 99 Nov 2026 09:02:00 GMT"]
)
def test_what_makes_no_sense_asks_for_nothing(header: str | None) -> None:
    assert retry_after(429, header, NOW) is None


@pytest.mark.parametrize("status", [200, 301, 400, 500, 504])
def test_other_statuses_ask_for_nothing(status: int) -> None:
    assert retry_after(status, "120", NOW) is None


@pytest.mark.parametrize("header", ["9" * 400, "86401", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_for_ever_is_a_day(header: str) -> None:
    assert retry_after(503, header, NOW) == LONGEST


@given(st.text())
def test_no_header_breaks_it(header: str) -> None:
    wait = retry_after(429, header, NOW)
    assert wait is None or timedelta(0) <= wait <= LONGEST
