"""What a post's language, and what it ran with, are called wherever people read it."""

from collections.abc import Mapping

from newsletter.posts.languages import LANGUAGES

TITLES = {language.name: language.title for language in LANGUAGES}
PROGRAMS = TITLES | {"duckdb": "DuckDB", "polars": "Polars"}  # a package keeps its own name


def language_name(language: str) -> str:
    """The name of a language, or the word itself where it is none that we know."""
    return TITLES.get(language, language.capitalize())


def versions_in_words(versions: Mapping[str, str]) -> str:
    """What a run recorded that it ran with, the language first: Python 3.12.3, pandas 2.3.3."""
    ordered = sorted(versions.items(), key=_language_first)
    return ", ".join(f"{PROGRAMS.get(name, name)} {number}" for name, number in ordered)


def _language_first(program: tuple[str, str]) -> tuple[bool, str]:
    return program[0].lower() not in TITLES, program[0]
