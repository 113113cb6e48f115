"""Errata: published versions that were wrong, what was wrong, and what corrects them.

The version itself stays as it is, downloadable for ever: an erratum is said
beside it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload

from newsletter.catalog import datasets
from newsletter.catalog.listing import light
from newsletter.catalog.semver import parsed
from newsletter.errors import Conflict, Invalid, NotFound
from newsletter.models.dataset import Dataset, Erratum, Version, VersionState

NOTE_AT_LEAST, NOTE_AT_MOST = 10, 2000  # characters


@dataclass(frozen=True, slots=True)
class ListedErratum:
    """A correction, without what changed."""

    id: int
    published_at: datetime
    keywords: Sequence[str]  # of the version that corrects


def correct(
    session: Session, slug: str, note: str, now: datetime, since: str | None = None
) -> list[Erratum]:
    """Publish the newest version of a dataset as the correction of those before it.

    ``since`` is the number of the first version that was wrong: it and those published
    after it are marked; None: only the last one. One that was corrected before keeps
    its erratum. Raises NotFound, Invalid or Conflict; nothing has changed then.
    """
    checked_note = _checked(note)
    correction = datasets.newest(session, slug)
    wrong = _wrong(correction, since)
    datasets.publish(correction, now)
    errata = [
        Erratum(version=version, corrected_by=correction, note=checked_note, published_at=now)
        for version in wrong
        if version.erratum is None
    ]
    if not errata:
        raise Conflict(
            f"{slug} {wrong[-1].number} is corrected already: bring a new file first, with "
            f"`newsletter dataset update {slug} FILE`."
        )
    session.add_all(errata)
    session.flush()
    return errata


def errata(session: Session, slugs: Collection[str] | None = None) -> list[Erratum]:
    """All errata, or those of some datasets, the newest first; none of what was withdrawn."""
    rows = (
        select(Erratum)
        .where(_is_public())
        .join(Erratum.version)
        .join(Version.dataset)
        .options(
            joinedload(Erratum.version).joinedload(Version.dataset),
            joinedload(Erratum.corrected_by),
        )
        .order_by(Erratum.published_at.desc(), Erratum.id.desc())
    )
    if slugs is not None:
        rows = rows.where(Dataset.slug.in_(slugs))
    return list(session.scalars(rows))


def listed(session: Session) -> list[ListedErratum]:
    """Each correction, as the erratum of the oldest version that it corrects, the newest first."""
    oldest = select(func.min(Erratum.id)).where(_is_public()).group_by(Erratum.corrected_by_id)
    rows = (
        select(Erratum.id, Erratum.published_at, Version.keywords)
        .join(Erratum.corrected_by)
        .where(Erratum.id.in_(oldest))
        .order_by(Erratum.published_at.desc(), Erratum.id.desc())
    )
    return [ListedErratum(*row) for row in session.execute(rows)]


def load(session: Session, ids: Sequence[int]) -> list[Erratum]:
    """The errata with these keys, in their order, with the versions and their tables."""
    versions = (Erratum.version, Erratum.corrected_by)
    options = [joinedload(version).options(*light()) for version in versions]
    rows = select(Erratum).where(Erratum.id.in_(ids)).options(*options)
    by_id = {erratum.id: erratum for erratum in session.scalars(rows)}
    return [by_id[key] for key in ids]


def corrected_by(session: Session, version: Version) -> list[Erratum]:
    """The errata that ``version`` answers, the oldest version first; also those of versions
    that were corrected by one that was wrong itself."""
    by_correction: dict[int, list[Erratum]] = {}
    for erratum in errata(session, [version.dataset.slug]):
        by_correction.setdefault(erratum.corrected_by_id, []).append(erratum)
    corrections: list[Erratum] = []
    waiting = [version.id]
    while waiting:
        some = by_correction.get(waiting.pop(), [])
        corrections += some
        waiting += [erratum.version_id for erratum in some]
    return sorted(corrections, key=lambda erratum: erratum.version_id)


def _is_public() -> ColumnElement[bool]:
    """Whether both versions can still be seen: what changed shows the data of both."""
    published = Version.state == VersionState.PUBLISHED
    return and_(Erratum.version.has(published), Erratum.corrected_by.has(published))


def _wrong(correction: Version, since: str | None) -> list[Version]:
    """The published versions before ``correction`` that it corrects, the oldest first."""
    published = datasets.published_versions(correction.dataset)
    earlier = [version for version in reversed(published) if version.id < correction.id]
    slug = correction.dataset.slug
    if not earlier:
        raise Conflict(
            f"{slug} has no version that corrects another: bring the right file first, with "
            f"`newsletter dataset update {slug} FILE`."
        )
    if since is None:
        return earlier[-1:]
    if since not in {version.number for version in earlier}:
        raise NotFound(f"{slug} has no published version {since} before {correction.number}.")
    return [version for version in earlier if parsed(version.number) >= parsed(since)]


def _checked(note: str) -> str:
    text = " ".join(note.split())
    if not NOTE_AT_LEAST <= len(text) <= NOTE_AT_MOST:
        sentence = f"Say in {NOTE_AT_LEAST} to {NOTE_AT_MOST:,} characters what was wrong."
        raise Invalid(sentence, {"note": sentence})
    return text
