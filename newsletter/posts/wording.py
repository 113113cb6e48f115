"""What a post ran with, in words, wherever people read it."""

from collections.abc import Mapping

from newsletter.posts.languages import BY_NAME, LANGUAGES

# A package keeps its own name.
PROGRAMS = {language.name: language.title for language in LANGUAGES} | {
    "duckdb": "DuckDB",
    "polars": "Polars",
}


def versions_in_words(versions: Mapping[str, str]) -> str:
    """What a run recorded that it ran with, the language first: Python 3.12.3, pandas 2.3.3."""
    ordered = sorted(versions.items(), key=_language_first)
    return ", ".join(f"{PROGRAMS.get(name, name)} {number}" for name, number in ordered)


def _language_first(program: tuple[str, str]) -> tuple[bool, str]:
    return program[0].lower() not in BY_NAME, program[0]
