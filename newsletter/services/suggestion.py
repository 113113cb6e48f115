"""A dataset that a reader suggested: what a curator's draft of it begins with, and its answer."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from newsletter.catalog.package.field_types import TITLE_AT_MOST
from newsletter.errors import Conflict
from newsletter.installation import Installation
from newsletter.models.dataset import Dataset
from newsletter.models.submission import Submission, SubmissionKind
from newsletter.storage import Storage
from newsletter.submissions import queue
from newsletter.tables.reading.file_kinds import TABLE_ENDINGS


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One that waits, and the curator who makes a draft of it."""

    number: int
    by: str  # the curator
    words: str = ""  # to the person

    def accept(self, opened: Installation, session: Session, made: Dataset, now: datetime) -> None:
        """As ``made``. Raises Conflict if it was decided before."""
        queue.accept(session, opened.signer, self.number, self.by, self.words, now, dataset=made)


@dataclass(frozen=True, slots=True)
class FirstWords:
    """What the reader said, as a dataset says it."""

    number: int  # of the submission
    title: str
    description: str
    license: str
    hat_tip: str
    source: str  # an address; empty: none
    url: str  # of the table; empty: none
    file_key: str  # of the table in storage; empty: none
    file_name: str


def find(session: Session, number: int) -> Submission:
    """A suggested dataset that waits. Raises NotFound or Conflict."""
    submission = queue.get(session, number)
    if submission.kind is not SubmissionKind.DATASET:
        raise Conflict("This is code, and not a dataset.")
    queue.refuse_decided(submission)
    return submission


def first_words(submission: Submission, storage: Storage) -> FirstWords:
    """What is no more than a page about the data is its source; what looks like a file is the
    table, too."""
    link, key = submission.link or "", submission.file_key or ""
    has_file = bool(key) and storage.exists(key)
    return FirstWords(
        number=submission.id,
        title=submission.title[:TITLE_AT_MOST],
        description=submission.about,
        license=submission.license or "",
        hat_tip=submission.name,
        source=link,
        url=link if _is_file(link) and not has_file else "",
        file_key=key if has_file else "",
        file_name=submission.file_name or "",
    )


def _is_file(link: str) -> bool:
    endings = PurePath(urlsplit(link).path.lower()).suffixes[-2:]
    return bool(TABLE_ENDINGS & set(endings))
