"""Finding datasets, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from newsletter.catalog import datasets
from newsletter.catalog.search import has_column, search, words_of
from newsletter.db import Database
from newsletter.storage import Storage
from tests import factories


@pytest.fixture
def session(db: Database, tmp_path: Path) -> Iterator[Session]:
    storage = Storage(tmp_path / "storage")
    with db.write() as session:
        factories.dataset(session, storage)
        factories.dataset(
            session,
            storage,
            "airports",
            {"airports": "iata,latitude,height_mm\nLIS,38.7,1\n"},
            title="Every airport",
            summary="Where aeroplanes land",
            description="Some birds live there, 100% of them_wild.",
            keywords=["places"],
        )
        factories.dataset(
            session,
            storage,
            "shops",
            {"shops": "name,the_bird\nx,1\n"},
            title="Shops",
            summary="Of a town",
            description="One shop a row.",
            keywords=["trade"],
        )
    with db.read() as session:
        yield session


def found(session: Session, query: str) -> list[str]:
    return [each.version.dataset.slug for each in search(datasets.catalog(session), query)]


def test_a_question_about_columns_is_answered_with_the_column(session: Session) -> None:
    (each,) = search(datasets.catalog(session), "Which datasets have a latitude?")
    assert each.version.title == "Every airport"
    assert [(column.name, column.type) for column in each.columns] == [("latitude", "number")]


def test_a_unit_finds_its_columns(session: Session) -> None:
    first = search(datasets.catalog(session), "mm")[0]
    assert {column.unit for column in first.columns} == {"mm"}


def test_titles_come_before_keywords_before_columns_before_texts(session: Session) -> None:
    assert found(session, "birds") == ["penguins", "shops", "airports"]
    assert found(session, "airport") == ["airports"]


def test_a_word_of_its_own_comes_before_a_part_of_one(session: Session) -> None:
    assert found(session, "name") == ["shops"]
    assert found(session, "shop row") == ["shops"]


def test_every_word_must_be_there(session: Session) -> None:
    assert found(session, "airport penguins") == []
    assert found(session, "") == ["airports", "shops", "penguins"]


@pytest.mark.parametrize(
    ("query", "slugs"),
    [("%", ["airports"]), ("_", ["penguins", "shops", "airports"]), ("100%", ["airports"]),
     ("them_wild", ["airports"]), ("them-wild", []), ("\\", []), ("' OR 1=1 --", [])],
)  # fmt: skip
def test_signs_of_sql_are_letters(session: Session, query: str, slugs: list[str]) -> None:
    assert sorted(found(session, query)) == sorted(slugs)


def test_a_dataset_that_its_title_finds_needs_no_reason(session: Session) -> None:
    (each,) = search(datasets.catalog(session), "airport")
    assert each.columns == ()


def test_words_that_name_nothing_are_left_out_unless_there_are_no_others() -> None:
    assert words_of("Is there data on “rivers”?") == ["rivers"]
    assert words_of("the data") == ["the", "data"]
    assert words_of("?") == ["?"]


def test_a_column_is_known_by_its_whole_name(session: Session) -> None:
    by_slug = {version.dataset.slug: version for version in datasets.catalog(session)}
    assert has_column(by_slug["airports"], "LATITUDE")
    assert not has_column(by_slug["airports"], "lat")
