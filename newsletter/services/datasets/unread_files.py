"""What was saved of a dataset whose files are not read: they are being read, or could not be."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from newsletter.catalog import datasets
from newsletter.catalog.package.dataset_package import DatasetPackage
from newsletter.errors import Conflict
from newsletter.models.dataset import Dataset, PendingIngest
from newsletter.models.task import Task, TaskState
from newsletter.services.datasets.table_files import FileSource
from newsletter.tasks import queueing

KEPT = "its data"  # what is read anew where no file was given


@dataclass(frozen=True, slots=True)
class UnreadFiles:
    package: DatasetPackage
    sources: Mapping[str, FileSource]  # by the tables' names
    note: str
    number: str | None
    task: Task | None
    error: str  # why they could not be read; empty: they are being read, or it was cancelled
    fields: Mapping[str, str]  # the same, by dotted paths

    @classmethod
    def of(cls, pending: PendingIngest) -> Self:
        task = pending.task
        failure = task.error if task is not None and task.state is TaskState.FAILED else ""
        return cls(
            package=DatasetPackage.model_validate(pending.package),
            sources={name: FileSource(**source) for name, source in pending.files.items()},
            note=pending.note,
            number=pending.number,
            task=task,
            error=pending.error or failure,
            fields=pending.fields,
        )

    @property
    def names(self) -> str:
        return names_of(self.sources.values())

    @property
    def goes_on(self) -> bool:
        return self.task is not None and self.task.is_unfinished


def names_of(sources: Iterable[FileSource]) -> str:
    """What is being read, as a sentence says it."""
    return ", ".join(dict.fromkeys(source.file_name for source in sources)) or KEPT


def unread_files(session: Session, dataset: Dataset) -> UnreadFiles | None:
    """None: all files of ``dataset`` are read."""
    return unread_of(session, [dataset.id]).get(dataset.id)


def unread_of(session: Session, dataset_ids: Collection[int]) -> dict[int, UnreadFiles]:
    """Of those of the datasets that have some, by the datasets' keys."""
    chosen = select(PendingIngest).where(PendingIngest.dataset_id.in_(dataset_ids))
    rows = session.scalars(chosen.options(joinedload(PendingIngest.task)))
    return {pending.dataset_id: UnreadFiles.of(pending) for pending in rows}


def cancel_reading(session: Session, slug: str, by: str, now: datetime) -> Task:
    """Raises NotFound, or Conflict if no files are being read into the dataset."""
    return queueing.cancel(session, _task_of(session, slug), by, now)


def retry_reading(session: Session, slug: str, by: str, now: datetime) -> Task:
    """Try once more to read the same files. Raises NotFound, or Conflict."""
    return queueing.retry(session, _task_of(session, slug), by, now)


def drop_files(session: Session, slug: str) -> None:
    """Give up files that could not be read: the dataset stays as it is without them. Raises
    NotFound, or Conflict if there are none, or they are being read."""
    dataset = datasets.get(session, slug)
    _task_of(session, slug)
    refuse_while_reading(dataset)
    dataset.pending_ingest = None


def _task_of(session: Session, slug: str) -> int:
    pending = datasets.get(session, slug).pending_ingest
    if pending is None or pending.task_id is None:
        raise Conflict(f"All files of {slug} are read.")
    return pending.task_id


def refuse_while_reading(dataset: Dataset) -> None:
    """Raises Conflict while a task reads files into ``dataset``."""
    pending = dataset.pending_ingest
    if pending is not None and pending.task is not None and pending.task.is_unfinished:
        raise Conflict(
            f"{pending.task.arguments['files']} is being read into {dataset.slug}: wait until "
            "that is done, or cancel it on its page."
        )
