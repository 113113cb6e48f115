"""A span of time in words."""

import pytest

from newsletter.catalog.period import in_words


@pytest.mark.parametrize(
    ("temporal", "words"),
    [
        ("2007/2009", "2007 to 2009"),
        ("1958-03/2001-12", "1958-03 to 2001-12"),
        ("1958/..", "since 1958"),
        ("2013", "2013"),
        ("", ""),
    ],
)
def test_a_span_is_said_as_people_say_it(temporal: str, words: str) -> None:
    assert in_words(temporal) == words
