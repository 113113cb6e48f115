"""Finding datasets by what they are about, and by what their columns measure.

Works on versions that are loaded, in plain Python: a catalog has hundreds of
datasets, and what was typed is never part of a statement or of a pattern.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from newsletter.models.dataset import Version

# What a match is worth, by where it is.
TITLE, KEYWORD, COLUMN, SUMMARY, ABOUT_COLUMN, TEXT = 100, 60, 40, 20, 12, 4
WHOLE_WORD = 1.5
MOST_COLUMNS = 4
# Words of a question that name nothing: "which datasets have a latitude?"
EMPTY_WORDS = frozenset(
    {
        *("a", "about", "an", "and", "any", "are", "do", "does", "for", "has", "have", "in"),
        *("is", "of", "on", "or", "that", "the", "there", "what", "where", "which", "with"),
        *("column", "columns", "contain", "contains", "data", "dataset", "datasets"),
    }
)


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """A column that was found, and where."""

    table: str
    name: str
    type: str
    unit: str


@dataclass(frozen=True, slots=True)
class Found:
    """A dataset, and the columns by which it was found: none where it needed none."""

    version: Version
    columns: tuple[ColumnMatch, ...]


def search(versions: Iterable[Version], query: str) -> list[Found]:
    """Those of ``versions`` in which each word of ``query`` occurs, the best first.

    A word counts for most in the title, then as a keyword, in the name of a
    column, and in texts. Equals keep their order.
    """
    words = words_of(query)
    ranked = []
    for version in versions:
        scores = [_score(version, word) for word in words]
        if all(scores):
            ranked.append((sum(scores), Found(version, tuple(_columns(version, words)))))
    return [result for _, result in sorted(ranked, key=lambda pair: -pair[0])]


def words_of(query: str) -> list[str]:
    """What is looked for: the words without marks around them, and without those that name
    nothing, unless there are no others."""
    words = [word.strip('?!.,;:"“”()') or word for word in query.casefold().split()]
    return [word for word in words if word not in EMPTY_WORDS] or words


def stem(word: str) -> str:
    """What a plural and its singular have in common, nearly; other words as they are."""
    return word[:-1] if len(word) > 4 and word.endswith("s") else word


def has_column(version: Version, name: str) -> bool:
    """Whether one of its tables has a column of that name, in whatever case."""
    wanted = name.casefold()
    return any(
        column["name"].casefold() == wanted for table in version.tables for column in table.columns
    )


def _score(version: Version, word: str) -> float:
    places: Sequence[tuple[float, Iterable[str]]] = (
        (TITLE, (version.title, version.dataset.slug)),
        (KEYWORD, version.keywords),
        (COLUMN, (column["name"] for _, column in _all_columns(version))),
        (SUMMARY, (version.summary,)),
        (ABOUT_COLUMN, (_about(column) for _, column in _all_columns(version))),
        (TEXT, (version.description, *(table.description for table in version.tables))),
    )
    matches = _matcher(word)
    return sum(worth * max(map(matches, texts), default=0) for worth, texts in places)


def _columns(version: Version, words: Sequence[str]) -> Iterator[ColumnMatch]:
    """The columns that say one of ``words``: of those that the title does not say."""
    title = f"{version.title} {version.dataset.slug}".casefold()
    tests = [_matcher(word) for word in words if word not in title]
    by_name = [
        (table, column)
        for table, column in _all_columns(version)
        if any(test(column["name"]) for test in tests)
    ]
    by_text = [
        (table, column)
        for table, column in _all_columns(version)
        if (table, column) not in by_name and any(test(_about(column)) for test in tests)
    ]
    for table, column in (*by_name, *by_text)[:MOST_COLUMNS]:
        yield ColumnMatch(table, column["name"], column["type"], column.get("unit") or "")


def _matcher(word: str) -> Callable[[str], float]:
    """How well a text says ``word``: 0 not at all, more where it is a word of its own. A
    plural finds its singular too."""
    singular = stem(word)
    whole = re.compile(rf"(?<![^\W_]){re.escape(singular)}s?(?![^\W_])")

    def match(text: str) -> float:
        text = text.casefold()
        if singular not in text:
            return 0
        return WHOLE_WORD if whole.search(text) else 1

    return match


def _about(column: dict[str, Any]) -> str:
    return f"{column.get('description') or ''} {column.get('unit') or ''}"


def _all_columns(version: Version) -> Iterator[tuple[str, dict[str, Any]]]:
    for table in version.tables:
        for column in table.columns:
            yield table.name, column
