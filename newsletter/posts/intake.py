"""From a post's file to all that the house keeps of it, before the database.

Slow and isolated: a stranger's notebook is read in a child process with limits, and its
figures are stored by their content. Recording it (posts.posts) is then one short
transaction, and a failure here has changed nothing but unreferenced files.
"""

from dataclasses import dataclass

from newsletter.catalog.storage import Storage
from newsletter.posts.cells import Cell
from newsletter.posts.front_matter import FrontMatter
from newsletter.posts.run_record import RunRecord
from newsletter.posts.written import Form


@dataclass(frozen=True, slots=True)
class PostFile:
    """A post as it came."""

    name: str  # of the file: its ending says the form
    content: bytes
    record: RunRecord | None = None  # of its last run; a Markdown post's outputs come from it
    given: FrontMatter | None = None  # instead of the file's own, as from a curator's form


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A post as it was written and read."""

    name: str  # of the file
    front: FrontMatter
    form: Form
    cells: tuple[Cell, ...]
    source_key: str  # storage key of the file, with the front matter that counts
    digest: str  # of what it was made from
    record: RunRecord | None


def form_of(name: str) -> Form:
    """The form that a file's ending says. Raises UnreadablePost."""
    raise NotImplementedError


def digest_of(file: PostFile) -> str:
    """A hash of the file, its record and what was given, in hex."""
    raise NotImplementedError


def take_in(file: PostFile, storage: Storage) -> TakenIn:
    """Read ``file``, make its cells safe and store its figures.

    Raises UnreadablePost with one sentence; its ``fields`` are the front matter's.
    """
    raise NotImplementedError
