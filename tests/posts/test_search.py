"""Published posts are found again by what they say and what they are about, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.models.post import PostState
from newsletter.posts import search
from newsletter.storage import Storage
from tests import factories

YEAR = factories.TUESDAY.year


@pytest.fixture
def session(db: Database, tmp_path: Path) -> Iterator[Session]:
    """A post on the penguins, an older one in SQL on airports, and a draft."""
    storage = Storage(tmp_path / "storage")
    airports = {"airports": "iata,latitude\nLIS,38.7\n"}
    old = factories.TUESDAY.replace(year=YEAR - 1)
    with db.write() as session:
        penguins = factories.dataset(session, storage)
        factories.post(session, penguins, "bills", columns=["bill_mm"])
        factories.post(session, penguins, "draft", PostState.DRAFT)
        places = factories.dataset(
            session, storage, "airports", airports, title="Every airport", keywords=["places"]
        )
        north = factories.post(
            session, places, "north", title="Who is north?", language="sql",
            columns=["latitude"], published_at=old,
        )  # fmt: skip
        north.words = "who is north? select latitude from airports"
    with db.read() as session:
        yield session


def found(session: Session, **asked: Any) -> list[str]:
    ids = search.matching(session, search.listed(session), **asked)
    return [post.slug for post in search.load(session, ids)]


@pytest.mark.parametrize(
    ("asked", "slugs"),
    [
        ({}, ["bills", "north"]),
        ({"text": "PENGUIN bill"}, ["bills"]),
        ({"text": "who is north?"}, ["north"]),
        ({"text": "airport places"}, ["north"]),
        ({"text": "latitudes"}, ["north"]),
        ({"text": "select latitude"}, ["north"]),
        ({"text": "penguin latitude"}, []),
        ({"text": "%_' OR 1=1 --"}, []),
        ({"text": "(.*)+["}, []),
        ({"keyword": "places"}, ["north"]),
        ({"dataset": "penguins"}, ["bills"]),
        ({"language": "sql"}, ["north"]),
        ({"year": 2026}, ["bills"]),
        ({"column": "Latitude"}, ["north"]),
        ({"column": "latitude", "year": 2026}, []),
    ],
)
def test_posts_are_found_again(session: Session, asked: dict[str, Any], slugs: list[str]) -> None:
    assert found(session, **asked) == slugs


def test_a_list_of_posts_has_neither_their_cells_nor_what_their_versions_say(
    session: Session,
) -> None:
    (post, *_) = search.load(session, [entry.id for entry in search.listed(session)])
    assert {"cells", "words"} <= inspect(post).unloaded
    assert {"description", "chart_drawn"} <= inspect(post.version).unloaded
    assert post.version.title


def test_what_is_loaded_stays_in_its_order(session: Session) -> None:
    ids = [entry.id for entry in search.listed(session)][::-1]
    assert [post.id for post in search.load(session, ids)] == ids
    assert [post.id for post in search.load(session, ids, is_long=True)] == ids
    assert all("cells" not in inspect(p).unloaded for p in search.load_whole(session, ids))


def test_the_languages_of_a_dataset_are_those_of_its_published_posts(session: Session) -> None:
    languages = search.languages_by_dataset(session)
    assert sorted(map(sorted, languages.values())) == [["python"], ["sql"]]
