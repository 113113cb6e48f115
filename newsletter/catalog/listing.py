"""Lists of datasets: found by what is narrow, and loaded without what is heavy.

The profile and the first rows of a table are most of a version's bytes, and lists show
them only of a dataset without a chart. Here they are loaded only where somebody looks at
them, within the session.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, defer, joinedload, selectinload, subqueryload
from sqlalchemy.orm.attributes import set_committed_value

from newsletter.models.dataset import Dataset, Erratum, Table, Version, VersionState
from newsletter.paging import Page, fetch

HEAVY = (Table.profile, Table.preview, Table.rejected, Table.notes)


@dataclass(frozen=True, slots=True)
class Topic:
    """What a list is narrowed by: a version, without its texts and tables."""

    id: int  # of the version
    dataset_id: int
    slug: str
    title: str
    keywords: Sequence[str]
    state: VersionState
    published_at: datetime | None

    @property
    def year(self) -> int | None:
        """When it was published as it is now."""
        return self.published_at.year if self.published_at else None


def published_topics(session: Session) -> list[Topic]:
    """Of the newest published version of each dataset, by title."""
    return _topics(session, newest_ids(published=True))


def newest_topics(session: Session) -> list[Topic]:
    """Of the newest version of each dataset, drafts too, by title."""
    return _topics(session, newest_ids(published=False))


def topics_of(session: Session, ids: Select[int]) -> dict[int, Topic]:
    """Of the versions whose keys ``ids`` selects, by key."""
    return {topic.id: topic for topic in _topics(session, ids)}


def keywords(topics: Iterable[Topic]) -> list[tuple[str, int]]:
    """Each keyword with how many of ``topics`` have it, the commonest first."""
    counts = Counter(word for topic in topics for word in topic.keywords)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def load(session: Session, ids: Sequence[int]) -> list[Version]:
    """The versions with these keys, in their order, as a list shows them."""
    rows = select(Version).where(Version.id.in_(ids)).options(*light())
    by_id = {version.id: version for version in session.scalars(rows)}
    show_first_rows(session, by_id.values())
    return [by_id[key] for key in ids]


def latest(session: Session, count: int, besides: int | None = None) -> list[Version]:
    """The datasets that were published last, without the version ``besides``."""
    rows = select(Version).where(Version.id.in_(newest_ids(published=True))).options(*light())
    if besides is not None:
        rows = rows.where(Version.id != besides)
    order = (Version.published_at.desc(), func.lower(Version.title), Version.id)
    versions = list(session.scalars(rows.order_by(*order).limit(count)))
    show_first_rows(session, versions)
    return versions


def drafts(session: Session, count: int) -> Page[Version]:
    """The first datasets, by title, whose newest version is a draft."""
    rows = select(Version).where(
        Version.id.in_(newest_ids(published=False)), Version.state == VersionState.DRAFT
    )
    ordered = rows.order_by(func.lower(Version.title), Version.id).options(*light())
    return fetch(session, ordered, 1, count)


def count_published(session: Session) -> int:
    """How many datasets have a published version."""
    datasets = select(func.count(Version.dataset_id.distinct()))
    return session.scalar(datasets.where(Version.state == VersionState.PUBLISHED)) or 0


def published_versions(session: Session, dataset_id: int) -> list[Version]:
    """Those of one dataset, the newest first, as a list shows them."""
    rows = select(Version).where(
        Version.dataset_id == dataset_id, Version.state == VersionState.PUBLISHED
    )
    return list(session.scalars(rows.order_by(Version.id.desc()).options(*light())))


def newest_ids(published: bool) -> Select[int]:
    """The keys of the newest version of each dataset, ``published`` or in any state: a withdrawn
    one where there is nothing else."""
    newest = func.max(Version.id)
    if published:
        ids = select(newest).where(Version.state == VersionState.PUBLISHED)
    else:
        stays = case((Version.state != VersionState.WITHDRAWN, Version.id))
        ids = select(func.coalesce(func.max(stays), newest))
    return ids.group_by(Version.dataset_id)


def light(is_long: bool = False) -> tuple[Any, ...]:
    """What a list of versions loads along, and what it does not. One that ``is_long`` takes
    one statement for its tables, however long it is."""
    tables = subqueryload(Version.tables) if is_long else selectinload(Version.tables)
    return (
        tables.options(*map(defer, HEAVY)),
        joinedload(Version.dataset),
        joinedload(Version.erratum).joinedload(Erratum.corrected_by),
        joinedload(Version.withdrawal),
        defer(Version.chart_drawn),
    )


def show_first_rows(session: Session, versions: Iterable[Version]) -> None:
    """Load the first rows of those listed that have no chart to show, by one statement."""
    tables = {v.tables[0].id: v.tables[0] for v in versions if v.tables and not v.chart_png}
    if not tables:
        return
    rows = select(Table.id, Table.preview).where(Table.id.in_(tables))
    for key, preview in session.execute(rows):
        set_committed_value(tables[key], "preview", preview)


def _topics(session: Session, ids: Select[int]) -> list[Topic]:
    columns: tuple[Any, ...] = (
        Version.id, Version.dataset_id, Dataset.slug, Version.title, Version.keywords,
        Version.state, Version.published_at,
    )  # fmt: skip
    rows = select(*columns).join(Dataset).where(Version.id.in_(ids))
    ordered = rows.order_by(func.lower(Version.title), Version.id)
    return [Topic(*row) for row in session.execute(ordered)]
