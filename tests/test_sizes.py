"""Sizes as people say them: near enough, never 1000 of a unit that has a next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sizes import readable_size

BYTES = {"byte": 1, "bytes": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}
SIZES = st.one_of(
    st.integers(0, 10**13),
    st.builds(lambda power, by: max(0, 10**power + by), st.integers(0, 13), st.integers(-60, 60)),
    st.builds(lambda power, part: 10**power - 10**power // part, st.integers(3, 13),
              st.integers(10, 5000)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (1049, "1.0 kB"),
        (9_949, "9.9 kB"), (9_960, "10 kB"), (14_200, "14 kB"), (999_499, "999 kB"),
        (999_950, "1.0 MB"), (999_999, "1.0 MB"), (2_149_999, "2.1 MB"), (999_999_999, "1.0 GB"),
        (1_500_000_000_000, "1500 GB"),
    ],
)  # fmt: skip
def test_a_size_is_said_in_its_unit(size: int, words: str) -> None:
    assert readable_size(size) == words


@given(SIZES)
def test_what_is_said_is_within_half_of_its_last_digit(size: int) -> None:
    number, unit = readable_size(size).split()
    last = BYTES[unit] / (10 if "." in number else 1)
    assert abs(float(number) * BYTES[unit] - size) <= last / 2 + 1e-6 * size


@given(SIZES)
def test_two_digits_are_enough_to_say_and_a_thousand_is_the_next_unit(size: int) -> None:
    number, unit = readable_size(size).split()
    assert unit == "GB" or float(number) < 1000
    assert unit in {"byte", "bytes"} or len(number.replace(".", "")) >= 2
    assert unit in {"byte", "bytes"} or float(number) >= 1
    assert number not in {"10.0", "100.0"}


@given(SIZES, SIZES)
def test_a_larger_file_is_never_said_to_be_smaller(one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert _bytes(readable_size(small)) <= _bytes(readable_size(large))


def _bytes(words: str) -> float:
    number, unit = words.split()
    return float(number) * BYTES[unit]
