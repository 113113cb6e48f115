"""What was public and is taken back: withdrawn with a reason, undone within a day, then erased.

What is left of a version is a tombstone: what it was called, how it was cited, its files with
their checksums, and why it is gone.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, contains_eager, joinedload, load_only

from newsletter.catalog import datasets, discarding
from newsletter.catalog.refusals import refuse_withdrawn
from newsletter.errors import Conflict, Invalid, NotFound
from newsletter.models.dataset import Dataset, Version, VersionState, Withdrawal

UNDONE_WITHIN = timedelta(days=1)
REASON_AT_LEAST, REASON_AT_MOST = 10, 2000  # characters


def withdraw(
    session: Session, slug: str, reason: str, now: datetime, number: str | None = None
) -> list[Version]:
    """Take the version ``number`` of a dataset from the public, or all that is published of it;
    returns what is gone, the newest first. ``reason`` is for readers.

    Raises NotFound, Invalid, or Conflict where nothing of it is public.
    """
    text = checked(reason)
    versions = to_withdraw(datasets.get(session, slug), number)
    for version in versions:
        version.state = VersionState.WITHDRAWN
        version.withdrawal = Withdrawal(reason=text, withdrawn_at=now)
    session.flush()
    return versions


def checked(reason: str) -> str:
    """``reason`` as it is kept. Raises Invalid."""
    text = " ".join(reason.split())
    if not REASON_AT_LEAST <= len(text) <= REASON_AT_MOST:
        sentence = f"Say in {REASON_AT_LEAST} to {REASON_AT_MOST:,} characters why it is withdrawn."
        raise Invalid(sentence, {"reason": sentence})
    return text


def to_withdraw(dataset: Dataset, number: str | None = None) -> list[Version]:
    """What ``withdraw`` would take from the public, and the same refusals."""
    if number is None:
        published = datasets.published_versions(dataset)
        if not published:
            raise Conflict(f"Nothing of {dataset.slug} is public: there is nothing to withdraw.")
        return published
    version = _version(dataset, number)
    if version.is_withdrawn:
        raise Conflict(f"{dataset.slug} {number} is withdrawn already.")
    if not version.is_published:
        raise Conflict(
            f"{dataset.slug} {number} is a draft: `newsletter dataset delete {dataset.slug}` "
            "deletes it."
        )
    return [version]


def restore(session: Session, slug: str, now: datetime, number: str | None = None) -> list[Version]:
    """Make public again what was withdrawn: the version ``number``, or all that was taken back
    together the last time. Raises NotFound, or Conflict where it is too late or there is nothing.
    """
    dataset = datasets.get(session, slug)
    gone = withdrawn(dataset) if number is None else [_version(dataset, number)]
    if not gone or gone[0].withdrawal is None:
        raise Conflict(f"{slug} {number or ''}".rstrip() + " is not withdrawn.")
    last = max(_of(version).withdrawn_at for version in gone)
    chosen = [version for version in gone if _of(version).withdrawn_at == last]
    for version in chosen:
        if not can_be_restored(version, now):
            raise Conflict(
                f"{slug} {version.number} was withdrawn on {last:%Y-%m-%d}, and its data were "
                f"kept for a day: add the file again as a new version, `newsletter dataset "
                f"update {slug} FILE`."
            )
    for version in chosen:
        version.state, version.withdrawal = VersionState.PUBLISHED, None
    session.flush()
    return chosen


def can_be_restored(version: Version, now: datetime) -> bool:
    """Whether ``version`` is withdrawn, and that can still be undone."""
    withdrawal = version.withdrawal
    return (
        withdrawal is not None
        and withdrawal.erased_at is None
        and now < withdrawal.withdrawn_at + UNDONE_WITHIN
    )


def withdrawn(dataset: Dataset) -> list[Version]:
    """The withdrawn versions, the newest first."""
    return [version for version in reversed(dataset.versions) if version.is_withdrawn]


def of_dataset(session: Session, dataset_id: int) -> list[Version]:
    """The same as a list shows them, by one statement."""
    return list(session.scalars(_listed().where(Version.dataset_id == dataset_id)))


def everything(session: Session) -> list[Version]:
    """Each withdrawn version of each dataset, the last to go first."""
    return list(session.scalars(_listed()))


def _listed() -> Select[Version]:
    words = load_only(Version.number, Version.title, Version.state, Version.published_at)
    options = (words, joinedload(Version.dataset), contains_eager(Version.withdrawal))
    rows = select(Version).join(Version.withdrawal).options(*options)
    return rows.order_by(Withdrawal.withdrawn_at.desc(), Version.id.desc())


def refuse(session: Session, dataset_id: int, number: str) -> None:
    """Raises Withdrawn if the version ``number`` was."""
    rows = _listed().where(Version.dataset_id == dataset_id, Version.number == number)
    for version in session.scalars(rows):
        refuse_withdrawn(version, number)


def due(session: Session, now: datetime) -> list[int]:
    """The keys of the versions whose withdrawal can no longer be undone, and that have data."""
    rows = select(Withdrawal.version_id).where(
        Withdrawal.erased_at.is_(None), Withdrawal.withdrawn_at <= now - UNDONE_WITHIN
    )
    return list(session.scalars(rows.order_by(Withdrawal.id)))


def erase(session: Session, version: Version, now: datetime) -> None:
    """Forget what the data were, for good, and give up their files; the tombstone stays."""
    discarding.discard(session, version, now)
    _of(version).erased_at = now
    version.chart, version.chart_drawn, version.chart_alt = None, {}, ""
    version.chart_png = version.chart_svg = None
    version.questions, version.caveats, version.images = [], [], []
    for table in version.tables:
        table.columns = [{**column, "categories": []} for column in table.columns]
        table.preview, table.profile, table.rejected, table.notes = [], {}, [], []
    session.flush()


def reasons(versions: Iterable[Version]) -> list[str]:
    """Why they are gone, each sentence once."""
    return list(dict.fromkeys(_of(version).reason for version in versions))


def _version(dataset: Dataset, number: str) -> Version:
    for version in dataset.versions:
        if version.number == number:
            return version
    raise NotFound(f"{dataset.slug} has no version {number}.")


def _of(version: Version) -> Withdrawal:
    if version.withdrawal is None:
        raise ValueError(f"{version.number} is not withdrawn")
    return version.withdrawal
