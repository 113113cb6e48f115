"""What an archive is narrowed to: a year, a keyword, a dataset, a language of code.

What was asked for is looked for as it is: an archive that has none of it is empty, and says
so. The forms offer what there is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from flask import request

from newsletter.catalog.listing import Topic, keywords
from newsletter.posts.languages import LANGUAGES

TEXT_AT_MOST = 200
KEYWORDS = 24


@dataclass(frozen=True, slots=True)
class Narrowing:
    """None or empty where it is not narrowed."""

    text: str
    column: str
    year: int | None
    keyword: str
    dataset: str  # slug
    language: str

    @classmethod
    def asked(cls) -> Self:
        """By the request."""
        arguments = {name: value.strip()[:TEXT_AT_MOST] for name, value in request.args.items()}
        year = arguments.get("year", "")
        return cls(
            text=arguments.get("q", ""),
            column=arguments.get("column", ""),
            year=int(year) if len(year) == 4 and year.isascii() and year.isdigit() else None,
            keyword=arguments.get("keyword", ""),
            dataset=arguments.get("dataset", ""),
            language=arguments.get("language", ""),
        )

    def __bool__(self) -> bool:
        return bool(self.query)

    @property
    def query(self) -> dict[str, Any]:
        """As the parameters of an address."""
        everything = {
            "q": self.text,
            "column": self.column,
            "year": self.year,
            "keyword": self.keyword,
            "dataset": self.dataset,
            "language": self.language,
        }
        return {name: value for name, value in everything.items() if value}

    def but(self, **changes: Any) -> dict[str, Any]:
        """The same parameters with some changed; None takes one away."""
        return {name: value for name, value in (self.query | changes).items() if value}

    def admits(self, topic: Topic | None, year: int | None, languages: Iterable[str]) -> bool:
        """Whether what is about ``topic``, of that year and with code in these languages, is
        among what was asked for."""
        return (
            (self.year is None or self.year == year)
            and (not self.keyword or (topic is not None and self.keyword in topic.keywords))
            and (not self.dataset or (topic is not None and self.dataset == topic.slug))
            and (not self.language or self.language in languages)
        )


@dataclass(frozen=True, slots=True)
class Choices:
    """What a form offers: only what leads to something."""

    years: list[int]  # the newest first
    datasets: list[tuple[str, str]]  # slug and title, by title
    languages: list[tuple[str, str]]  # as it is asked for, and as it is written
    keywords: list[tuple[str, int]]  # with how often, the commonest first


def choices(topics: Iterable[Topic], years: Iterable[int], languages: Iterable[str]) -> Choices:
    """From what there is in an archive: each entry's topic and year, and its languages."""
    about = list(topics)
    present = set(languages)
    return Choices(
        years=sorted(set(years), reverse=True),
        datasets=sorted(
            {topic.slug: topic.title for topic in about}.items(),
            key=lambda pair: pair[1].casefold(),
        ),
        languages=[(one.name, one.title) for one in LANGUAGES if one.name in present],
        keywords=keywords(about)[:KEYWORDS],
    )
