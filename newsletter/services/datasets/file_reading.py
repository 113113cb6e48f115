"""Files are read into a dataset by a task: what was saved waits in a row, becomes a draft in one
transaction, or says there why it does not.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.catalog import datasets, drafts
from newsletter.catalog.dataset_import import Intake
from newsletter.catalog.package.dataset_package import DatasetPackage, parse_package
from newsletter.catalog.versions.changes import published_before
from newsletter.catalog.versions.renewal import after_withdrawn, numbered, renew
from newsletter.errors import Conflict, FetchRefused, Invalid, NotFound, Refused
from newsletter.installation import Installation
from newsletter.issues.schedule import local_day
from newsletter.models.dataset import Dataset, PendingIngest, Version
from newsletter.models.task import Task
from newsletter.services.datasets.table_files import FileSource, TableFile, file_of, named
from newsletter.services.datasets.unread_files import UnreadFiles, names_of, refuse_while_reading
from newsletter.services.datasets.upload_files import forget
from newsletter.tasks.attempt import Attempt
from newsletter.tasks.beside import Watch, run_beside
from newsletter.tasks.definition import Definition
from newsletter.tasks.files import workspace
from newsletter.tasks.queueing import defer

Promise = Callable[..., Task]  # tasks.queueing.defer, or new_task for who runs it at once

FETCHING = 0.3  # of the whole, where something is fetched
READING = 0.95  # of the whole, until what was read is compared and recorded


def promise(
    session: Session,
    dataset: Dataset,
    package: DatasetPackage,
    files: Mapping[str, FileSource],
    started_by: str,
    now: datetime,
    *,
    note: str = "",
    number: str | None = None,
    publish: bool = False,
    by: Promise = defer,
) -> Task:
    """Promise to read ``files``, by the tables' names, into the next draft of ``dataset``. What
    could not be read before is given up for it. Raises Conflict while others are read."""
    session.scalar(select(Dataset.id).where(Dataset.id == dataset.id).with_for_update())
    session.refresh(dataset, ["pending_ingest"])  # who was first has written it by now
    refuse_while_reading(dataset)
    names = names_of(files.values())
    task = by(session, READ_FILES, started_by, now, slug=dataset.slug, files=names)
    pending = dataset.pending_ingest or PendingIngest()
    pending.task = task
    pending.package = package.model_dump(mode="json")
    pending.files = {name: source.as_json() for name, source in files.items()}
    pending.note, pending.number, pending.is_published = note, number, publish
    pending.error, pending.fields = "", {}
    dataset.pending_ingest = pending
    session.flush()
    return task


def read_files(attempt: Attempt, slug: str, **_said: str) -> dict[str, Any]:
    """Make the draft; its number, and the one that was published before it."""
    installation, now = attempt.installation, clock.now()
    if attempt.result is not None:  # recorded by an attempt whose worker then died
        return attempt.result
    with attempt.commit() as session:
        job = _Job.of(session, slug, attempt.task_id)
    try:
        with workspace(installation.settings.home, attempt.task_id) as work:
            intake = run_beside(attempt, lambda watch: job.read(installation, work, watch, now))
        for table in intake.tables:
            attempt.log(
                f"{table['name']}: {table['rows']:,} rows, {len(table['columns'])} columns."
            )
        with attempt.commit(note="") as session:
            attempt.result = _record(session, job, intake, attempt.task_id, now)
    except Refused as error:
        _note_refusal(attempt, error)
        raise
    forget(installation, [source.key for source in job.saved.sources.values()])
    return attempt.result


READ_FILES = Definition(
    name="read-files",
    title="Read {files} into {slug}",
    run=read_files,
    lock="read-files {slug}",
    mails_refusal=False,
)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be read, and what it follows."""

    slug: str
    saved: UnreadFiles
    newest: Version  # with the tables of all versions
    before: Version | None  # the published one

    @classmethod
    def of(cls, session: Session, slug: str, task_id: int) -> Self:
        """Raises Conflict if other files were given meanwhile, or none are wanted."""
        pending = _pending(session, slug, task_id)
        pending.error, pending.fields = "", {}
        saved = UnreadFiles.of(pending)
        newest = datasets.newest(session, slug)
        datasets.table_names(newest.dataset)  # loads the tables
        return cls(slug, saved, newest, newest if newest.is_published else published_before(newest))

    def read(self, installation: Installation, work: Path, watch: Watch, now: datetime) -> Intake:
        """Raises Refused."""
        with ExitStack() as stack:
            package, files = self._files(installation, stack, work, watch)
            return self._read(installation, package, files, work, watch, now)

    def _read(
        self,
        installation: Installation,
        package: DatasetPackage,
        files: Mapping[str, TableFile],
        work: Path,
        watch: Watch,
        now: datetime,
    ) -> Intake:
        begin = FETCHING if any(source.url for source in self.saved.sources.values()) else 0.0
        span = READING - begin

        def reading(step: str, part: float) -> None:
            watch(step, begin + span * part)

        with named(files, work) as paths:
            storage = installation.storage
            intake = renew(self.newest, package, paths, storage, reading, work)
        if not files:
            return intake
        watch("comparing it with what was there", READING)
        return self._numbered(installation, intake, now)

    def _files(
        self, installation: Installation, stack: ExitStack, work: Path, watch: Watch
    ) -> tuple[DatasetPackage, dict[str, TableFile]]:
        """Each file on this machine, by its table's name; and the package, whose tables are
        called as the fetched files are. Raises Refused."""
        fetched = sum(bool(source.url) for source in self.saved.sources.values())
        files: dict[int, TableFile] = {}

        def fetching(step: str, part: float) -> None:
            watch(step, FETCHING * (len(files) + part) / max(fetched, len(files) + 1))

        for at, table in enumerate(self.saved.package.tables):
            if (source := self.saved.sources.get(table.name)) is not None:
                try:
                    opened = file_of(installation, source, work, fetching)
                    files[at] = stack.enter_context(opened)
                except FetchRefused as error:
                    raise Invalid(str(error), {f"tables.{at}.url": str(error)}) from error
                except NotFound as error:
                    raise Invalid(str(error), {f"tables.{at}.file": str(error)}) from error
        package = self._called_as(files)
        return package, {package.tables[at].name: file for at, file in files.items()}

    def _called_as(self, files: Mapping[int, TableFile]) -> DatasetPackage:
        """A table that nobody has named, and that is new, is called after its file, whose name
        is known once it is fetched."""
        written = self.saved.package.model_dump(mode="json")
        kept = {table.name for table in self.newest.tables}
        for at, file in files.items():
            table = written["tables"][at]
            source = self.saved.sources[table["name"]]
            table["file"] = f"data/{file.file_name}"
            if source.names_table and table["name"] not in kept:
                del table["name"]
        return parse_package(written)

    def _numbered(self, installation: Installation, intake: Intake, now: datetime) -> Intake:
        """``intake`` with its number, and a line of the changelog. Raises Refused."""
        package, newest = intake.package, self.newest
        if self.saved.number is not None:
            package = package.model_copy(update={"version": self.saved.number})
        elif package.version == newest.number and newest.is_published:
            if datasets.is_same_data(newest, intake):
                return intake
            # What changed is not said of the version that is published.
            kept = datasets.package_of(newest).changelog
            package = package.model_copy(update={"changelog": kept})
        today = local_day(now, installation.settings.timezone)
        if package.version == newest.number and newest.is_withdrawn:
            package = after_withdrawn(package, newest, today)
        intake = replace(intake, package=package)
        if self.before is None:
            return intake
        storage = installation.storage
        return numbered(intake, self.before, storage, today, self.saved.number, self.saved.note)[0]


def _record(
    session: Session, job: _Job, intake: Intake, task_id: int, now: datetime
) -> dict[str, Any]:
    """In the transaction of the attempt: what was read instead of what was to be read."""
    pending = _pending(session, job.slug, task_id)
    is_published = pending.is_published
    pending.dataset.pending_ingest = None
    session.flush()
    version = datasets.upsert_draft(session, job.slug, intake, now)
    if is_published and not drafts.open_questions(version):
        datasets.publish(version, now)
    before = job.before.number if job.before is not None else None
    return {"version": version.number, "state": version.state.value, "before": before}


def _pending(session: Session, slug: str, task_id: int) -> PendingIngest:
    """What the task is to read. Raises Conflict if that is not wanted any more."""
    chosen = select(PendingIngest).join(PendingIngest.dataset)
    mine = chosen.where(Dataset.slug == slug, PendingIngest.task_id == task_id)
    pending = session.scalar(mine.with_for_update(of=PendingIngest))
    if pending is None:
        raise Conflict(f"These files of {slug} are not wanted any more: nothing was read.")
    return pending


def _note_refusal(attempt: Attempt, error: Refused) -> None:
    """Where the dataset's page and its form say it."""
    if isinstance(error, Invalid):
        fields = error.fields
    else:  # with the data of a published version
        fields = {"version": str(error)} if isinstance(error, Conflict) else {}
    with attempt.commit() as session:
        session.execute(
            update(PendingIngest)
            .where(PendingIngest.task_id == attempt.task_id)
            .values(error=str(error), fields=fields)
        )
