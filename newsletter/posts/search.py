"""Finding published posts, and listing them: found by what is narrow, loaded a page at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import (
    Session,
    defer,
    joinedload,
    load_only,
    selectinload,
    subqueryload,
    undefer,
)

from newsletter.catalog.listing import HEAVY, Topic, topics_of
from newsletter.catalog.search import stem, words_of
from newsletter.models.dataset import Erratum, Version, VersionState
from newsletter.models.post import Post, PostState

NEWEST = (Post.published_at.desc(), Post.id.desc())
# What it puts out shows the data, so it is gone with them.
PUBLIC = and_(
    Post.state == PostState.PUBLISHED,
    Post.version_id.not_in(select(Version.id).where(Version.state == VersionState.WITHDRAWN)),
)
OF_VERSION = (Version.state, Version.dataset_id, Version.number, Version.title, Version.keywords)


@dataclass(frozen=True, slots=True)
class ListedPost:
    """What a list of posts is narrowed by: a post without its texts."""

    id: int
    topic: Topic  # of its dataset's version
    language: str
    columns: Sequence[str]  # that it uses
    published_at: datetime

    @property
    def year(self) -> int:
        return self.published_at.year


def listed(session: Session) -> list[ListedPost]:
    """The published posts, the newest first."""
    rows = (
        select(Post.id, Post.version_id, Post.language, Post.columns, Post.published_at)
        .where(PUBLIC)
        .order_by(*NEWEST)
    )
    topics = topics_of(session, select(Post.version_id).where(PUBLIC))
    return [
        ListedPost(key, topics[version_id], language, columns, at)
        for key, version_id, language, columns, at in session.execute(rows)
    ]


def matching(
    session: Session,
    posts: Iterable[ListedPost],
    text: str = "",
    *,
    keyword: str | None = None,
    dataset: str | None = None,
    language: str | None = None,
    year: int | None = None,
    column: str | None = None,
) -> list[int]:
    """The keys of those of ``posts`` for which all that is given holds, in their order.

    Each word of ``text`` occurs in the post or is of its dataset; ``keyword`` is one of its
    dataset version's, ``dataset`` a slug, ``year`` the one of publication (UTC), ``column``
    the name of a column that it uses, in whatever case. What was typed is never part of a
    pattern.
    """
    words = [stem(word) for word in words_of(text)]
    texts = _texts(session) if words else {}
    return [
        post.id
        for post in posts
        if (keyword is None or keyword in post.topic.keywords)
        and (dataset is None or post.topic.slug == dataset)
        and (language is None or post.language == language)
        and (year is None or post.year == year)
        and (column is None or column.casefold() in map(str.casefold, post.columns))
        and (not words or _has_all(words, texts[post.id], post.topic))
    ]


def load(session: Session, ids: Sequence[int], is_long: bool = False) -> list[Post]:
    """The posts with these keys, in their order, as a list shows them."""
    return _loaded(session, ids, light(is_long))


def load_whole(session: Session, ids: Sequence[int]) -> list[Post]:
    """The same as they are shown, in a feed."""
    return _loaded(session, ids, whole())


def languages_by_dataset(session: Session) -> dict[int, set[str]]:
    """In which languages there are published posts on each dataset, by its key."""
    pairs = select(Version.dataset_id, Post.language).join(Post.version).where(PUBLIC).distinct()
    languages: dict[int, set[str]] = {}
    for dataset_id, language in session.execute(pairs):
        languages.setdefault(dataset_id, set()).add(language)
    return languages


def light(is_long: bool = False) -> tuple[Any, ...]:
    """What a list of posts loads along. One that ``is_long`` takes one statement for their
    runs, however long it is."""
    version = joinedload(Post.version).options(load_only(*OF_VERSION), joinedload(Version.dataset))
    return version, subqueryload(Post.runs) if is_long else selectinload(Post.runs)


def whole() -> tuple[Any, ...]:
    """What a post is shown with: its cells, and the tables that it names."""
    tables = selectinload(Version.tables).options(*map(defer, HEAVY))
    erratum = joinedload(Version.erratum).joinedload(Erratum.corrected_by)
    version = joinedload(Post.version).options(joinedload(Version.dataset), erratum, tables)
    return version, selectinload(Post.runs), undefer(Post.cells)


def _loaded(session: Session, ids: Sequence[int], options: Sequence[Any]) -> list[Post]:
    rows = select(Post).where(Post.id.in_(ids)).options(*options)
    by_id = {post.id: post for post in session.scalars(rows)}
    return [by_id[key] for key in ids]


def _texts(session: Session) -> dict[int, str]:
    """The words of each published post, by its key."""
    rows = select(Post.id, Post.words).where(PUBLIC)
    return dict(session.execute(rows).all())


def _has_all(words: Iterable[str], texts: str, topic: Topic) -> bool:
    everything = "\n".join((texts, topic.title, topic.slug, *topic.keywords)).casefold()
    return all(word in everything for word in words)
