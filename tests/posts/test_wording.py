"""What a post ran with is called."""

import pytest

from newsletter.posts.wording import versions_in_words


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ({"pandas": "2.3.3", "python": "3.12.3"}, "Python 3.12.3, pandas 2.3.3"),
        ({"polars": "1.3", "duckdb": "2.0", "python": "3.12"},
         "Python 3.12, DuckDB 2.0, Polars 1.3"),
        ({"dplyr": "1.1", "R": "4.5"}, "R 4.5, dplyr 1.1"),
        ({"dplyr": "1.1", "r": "4.5"}, "R 4.5, dplyr 1.1"),
        ({}, ""),
    ],
)  # fmt: skip
def test_the_language_comes_first(versions: dict[str, str], words: str) -> None:
    assert versions_in_words(versions) == words
