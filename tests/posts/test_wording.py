"""What a language, and what a post ran with, are called."""

import pytest

from newsletter.posts.wording import language_name, versions_in_words


@pytest.mark.parametrize(
    ("language", "name"), [("python", "Python"), ("sql", "SQL"), ("r", "R"), ("julia", "Julia")]
)
def test_a_language_has_its_name(language: str, name: str) -> None:
    assert language_name(language) == name


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
