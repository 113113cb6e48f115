"""A dataset that a reader suggested, in the dataset form: what it fills in, and its answer."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from newsletter.errors import Conflict
from newsletter.installation import Installation
from newsletter.models.dataset import Dataset
from newsletter.models.submission import Submission, SubmissionKind
from newsletter.submissions import queue
from newsletter.tables.reading.file_kinds import TABLE_ENDINGS
from newsletter.web.admin.datasets.dataset_fields import DatasetForm
from newsletter.web.uploads import Upload, note_of

TITLE_AT_MOST = 50  # of a dataset


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One that waits, and the curator who makes a draft of it."""

    number: int
    by: str  # the curator
    words: str = ""  # to the person

    def accept(self, opened: Installation, session: Session, made: Dataset, now: datetime) -> None:
        """As ``made``. Raises Conflict if it was decided before."""
        queue.accept(session, opened.signer, self.number, self.by, self.words, now, dataset=made)


def find(session: Session, number: int) -> Submission:
    """A suggested dataset that waits. Raises NotFound or Conflict."""
    submission = queue.get(session, number)
    if submission.kind is not SubmissionKind.DATASET:
        raise Conflict("This is code, and not a dataset.")
    queue.refuse_decided(submission)
    return submission


def of_form(form: DatasetForm, by: str) -> Suggestion | None:
    """The suggestion that a form makes a draft of; None: of none."""
    if not form.submission.data:
        return None
    return Suggestion(int(form.submission.data), by, form.answer.data or "")


def fill(form: DatasetForm, submission: Submission, opened: Installation, now: datetime) -> None:
    """Put what the reader said into an empty form. What is no more than a page about the
    data is its source; what looks like a file is the table, too."""
    form.submission.data = str(submission.id)
    form.title.data = submission.title[:TITLE_AT_MOST]
    form.description.data = submission.about
    form.license.data = submission.license or ""
    form.hat_tip.data = submission.name
    if submission.link:
        form.sources.append_entry({"title": submission.title, "url": submission.link})
    table: dict[str, str] = {}
    if submission.file_key and opened.storage.exists(submission.file_key):
        upload = Upload(submission.file_key, submission.file_name or "")
        table["stored"] = note_of(opened, upload, now)
    elif submission.link and _is_file(submission.link):
        table["url"] = submission.link
    form.tables.append_entry(table)


def _is_file(link: str) -> bool:
    endings = PurePath(urlsplit(link).path.lower()).suffixes[-2:]
    return bool(TABLE_ENDINGS & set(endings))
