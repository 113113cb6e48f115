"""The catalog: its datasets, their versions, and finding them again."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from newsletter.catalog import listing, refusals
from newsletter.catalog.dataset_import import Intake
from newsletter.catalog.package.dataset_package import (
    DatasetPackage,
    check_slug,
    publishing_problems,
)
from newsletter.catalog.semver import parsed
from newsletter.errors import Conflict, Invalid, NotFound, SlugTaken
from newsletter.models.dataset import Dataset, Erratum, Table, Version, VersionState

# The fields of a package that a version has under the same name.
WRITTEN = (
    "title", "summary", "description", "license", "citation", "temporal", "spatial", "language",
    "keywords", "sources", "creators", "changelog", "questions", "caveats", "credit",
    "chart",
)  # fmt: skip


def find(session: Session, slug: str) -> Dataset | None:
    return session.scalar(select(Dataset).where(Dataset.slug == slug))


def get(session: Session, slug: str) -> Dataset:
    """Raises NotFound."""
    dataset = find(session, slug)
    if dataset is None:
        raise _no_dataset(slug)
    return dataset


def _no_dataset(slug: str) -> NotFound:
    return NotFound(f"There is no dataset {slug!r}: `newsletter dataset list` shows them all.")


def newest(session: Session, slug: str) -> Version:
    """The newest version of a dataset, a draft too; a withdrawn one where there is nothing
    else. Raises NotFound."""
    last = (Version.state == VersionState.WITHDRAWN, Version.id.desc())
    rows = _loaded().where(Dataset.slug == slug).order_by(*last)
    version = session.scalars(rows.limit(1)).first()
    if version is None:
        raise _no_dataset(slug)
    return version


def published(session: Session, slug: str, number: str | None = None) -> Version:
    """A published version, the newest if no number is given. Raises NotFound, or Withdrawn for
    what was public."""
    rows = _loaded().where(Dataset.slug == slug, Version.state != VersionState.DRAFT)
    if number is not None:
        rows = rows.where(Version.number == number)
    last = (Version.state == VersionState.WITHDRAWN, Version.id.desc())
    version = session.scalars(rows.order_by(*last).limit(1)).first()
    if version is None:
        raise NotFound("There is no published dataset of that name and version.")
    refusals.refuse_withdrawn(version, number)
    return version


def published_versions(dataset: Dataset) -> list[Version]:
    """The newest first."""
    return [v for v in reversed(dataset.versions) if v.state is VersionState.PUBLISHED]


def catalog(session: Session) -> list[Version]:
    """The newest published version of each dataset, by title, without what is heavy."""
    return _listed(session, listing.newest_ids(published=True))


def everything(session: Session) -> list[Version]:
    """The newest version of each dataset, drafts too, by title, without what is heavy."""
    return _listed(session, listing.newest_ids(published=False))


def is_newest(session: Session, version: Version) -> bool:
    """Whether no later version of its dataset is published."""
    later = select(Version.id).where(
        Version.dataset_id == version.dataset_id,
        Version.state == VersionState.PUBLISHED,
        Version.id > version.id,
    )
    return session.scalar(later.limit(1)) is None


def last_number(dataset: Dataset) -> str:
    """The highest number of a version that is public, or was."""
    numbers = [v.number for v in dataset.versions if v.state is not VersionState.DRAFT]
    return max(numbers, key=parsed)


def table_names(dataset: Dataset) -> set[str]:
    """Those that the tables of its versions have or had."""
    return {table.name for version in dataset.versions for table in version.tables}


def table_of(version: Version, name: str) -> Table:
    """Raises NotFound."""
    for table in version.tables:
        if table.name == name:
            return table
    raise NotFound(f"Version {version.number} has no table {name!r}.")


def create(session: Session, slug: str, intake: Intake, now: datetime) -> Version:
    """A new dataset from what was taken in. Raises Invalid or SlugTaken."""
    check_slug(slug)
    taken = SlugTaken(
        f"There is a dataset {slug!r} already: choose another slug, or edit that one."
    )
    if find(session, slug) is not None:
        raise taken
    dataset = Dataset(slug=slug, created_at=now)
    try:
        with session.begin_nested():
            session.add(dataset)
    except IntegrityError as error:  # somebody else was first
        raise taken from error
    return _new_version(session, dataset, intake, now)


def upsert(session: Session, slug: str, intake: Intake, now: datetime) -> Version:
    """Make the catalog hold ``intake`` under ``slug``: a new dataset, a new version,
    or new words for a version whose data is the same.

    Raises Conflict if the data of a published version would change, if a new version's
    number is not higher than every published one's, or while other files are read.
    """
    dataset = find(session, slug)
    if dataset is None:
        return create(session, slug, intake, now)
    refusals.refuse_pending(dataset)
    number = intake.package.version
    same = [version for version in dataset.versions if version.number == number]
    if not same:
        refusals.check_number(dataset, number)
        return _new_version(session, dataset, intake, now)
    version = same[0]
    refusals.refuse_change_of_withdrawn(version)
    if version.state is VersionState.PUBLISHED:
        intake = _as_published(version, intake)
    version.tables.clear()
    session.flush()  # the old rows go first: the new ones may have the same names
    _write(version, intake, now)
    session.flush()
    return version


def renumber(session: Session, slug: str, number: str) -> None:
    """Give a draft another number. Raises Conflict for a published version, or a number that
    does not follow one, and Invalid."""
    version = newest(session, slug)
    if version.state is not VersionState.DRAFT:
        raise Conflict(f"{slug} {version.number} is {version.state.value}: its number stays.")
    refusals.refuse_pending(version.dataset)
    refusals.check_number(version.dataset, number)
    old, version.number = version.number, number
    version.changelog = [
        {**change, "version": number} if change["version"] == old else change
        for change in version.changelog
    ]


def upsert_draft(session: Session, slug: str, intake: Intake, now: datetime) -> Version:
    """The same for a dataset whose newest version, if that is a draft, takes the number of
    ``intake``: it is only another of its words."""
    draft = newest(session, slug)
    number = intake.package.version
    if draft.state is VersionState.DRAFT and draft.number != number:
        refusals.check_number(draft.dataset, number)
        draft.number = number
    return upsert(session, slug, intake, now)


def is_same_data(version: Version, intake: Intake) -> bool:
    """Whether the two say the same but for their words: see ``_fixed``."""
    fixed = {table.name: _fixed(table.files, table.columns) for table in version.tables}
    return fixed == {t["name"]: _fixed(t["files"], t["columns"]) for t in intake.tables}


def publish(version: Version, now: datetime) -> None:
    """Make a version public, for ever. Raises Invalid with what is still missing, or Conflict
    while files of it are not read."""
    refusals.refuse_pending(version.dataset)
    refusals.refuse_change_of_withdrawn(version)
    problems = problems_of(version)
    if problems:
        raise Invalid(f"“{version.title}” cannot be published yet. " + " ".join(problems))
    if version.state is VersionState.DRAFT:
        version.state = VersionState.PUBLISHED
        version.published_at = now


def problems_of(version: Version) -> list[str]:
    """What keeps a version from being published, one sentence each."""
    if version.is_withdrawn:
        return ["It was withdrawn: choose another dataset, or restore it within a day."]
    return publishing_problems(package_of(version))


def package_of(version: Version) -> DatasetPackage:
    """What a person wrote about a version, as it stands in a dataset.yaml."""
    written = {name: getattr(version, name) for name in WRITTEN}
    tables = [
        {
            name: getattr(table, name)
            for name in ("name", "primary_key", "foreign_keys", "missing_values")
        }
        | {"file": table.origin, "description": table.description or None}
        | {"columns": [{k: v for k, v in c.items() if v} for c in table.columns]}
        for table in version.tables
    ]
    return DatasetPackage.model_validate(
        {
            name: value
            for name, value in written.items()
            if value or (name == "chart" and value is not None)
        }
        | {"version": version.number, "tables": tables}
    )


def _new_version(session: Session, dataset: Dataset, intake: Intake, now: datetime) -> Version:
    version = Version(dataset=dataset, number=intake.package.version, created_at=now)
    _write(version, intake, now)
    session.add(version)
    session.flush()
    return version


def _write(version: Version, intake: Intake, now: datetime) -> None:
    """Put all that ``intake`` holds into a version's row and its tables' rows."""
    written = intake.package.model_dump(mode="json")
    for name in WRITTEN:
        setattr(version, name, written[name])
    chart = intake.chart
    version.chart_alt = chart.alt if chart else ""
    version.chart_drawn = dict(chart.spec) if chart else {}
    version.chart_png = chart.png if chart else None
    version.chart_svg = chart.svg if chart else None
    version.digest = intake.digest
    version.modified_at = now
    version.tables = [Table(**values) for values in intake.tables]


def _as_published(version: Version, intake: Intake) -> Intake:
    """``intake`` with the files that ``version`` has: written again they might differ in a
    byte, and their checksums are known to others by now. Raises Conflict."""
    if not is_same_data(version, intake):
        raise Conflict(
            f"{version.dataset.slug}: the data differs from the published {version.number}, "
            "which never changes: raise `version` and add a line to `changelog`."
        )
    kept = {table.name: table.files for table in version.tables}
    return replace(intake, tables=tuple({**t, "files": kept[t["name"]]} for t in intake.tables))


def _fixed(files: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> Hashable:
    """What never changes of a published table: its rows, and its columns' types and units."""
    described = tuple((c["name"], c["type"], c.get("unit") or "") for c in columns)
    return files["csv"]["sha256"], described


def _listed(session: Session, ids: Select[int]) -> list[Version]:
    rows = select(Version).where(Version.id.in_(ids)).options(*listing.light(is_long=True))
    return list(session.scalars(rows.order_by(func.lower(Version.title), Version.id)))


def _loaded() -> Select[Version]:
    return (
        select(Version)
        .join(Dataset)
        .options(
            selectinload(Version.tables),
            joinedload(Version.dataset),
            joinedload(Version.erratum).joinedload(Erratum.corrected_by),
            joinedload(Version.withdrawal),
        )
    )
