"""A post as its author wrote it, whatever the form: front matter and cells in order."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from newsletter.errors import UnreadablePost
from newsletter.posts.front_matter import FrontMatter

Form = Literal["md", "ipynb"]
FORMS: tuple[Form, ...] = ("md", "ipynb")
MAX_BYTES = 20 * 1024 * 1024
MAX_CELLS = 500
ALT = re.compile(r"^[ \t]*(?:#|--)[ \t]*alt:[ \t]*(\S.*)$", re.MULTILINE | re.IGNORECASE)
MAX_ALT = 500  # characters


@dataclass(frozen=True, slots=True)
class WrittenProse:
    markdown: str


@dataclass(frozen=True, slots=True)
class WrittenCode:
    language: str
    source: str
    runs: bool
    alt: str = ""  # of the figures that it draws, if its author said
    outputs: tuple[Any, ...] = ()  # nbformat v4, as they came: not to be trusted


WrittenCell = WrittenProse | WrittenCode


@dataclass(frozen=True, slots=True)
class Written:
    front: FrontMatter
    form: Form
    cells: tuple[WrittenCell, ...]

    @property
    def run_cells(self) -> list[WrittenCode]:
        """The cells that a run executes, in order."""
        return [cell for cell in self.cells if isinstance(cell, WrittenCode) and cell.runs]


def form_of(name: str) -> Form:
    """The form that a file's name says. Raises UnreadablePost."""
    for form in FORMS:
        if name.casefold().endswith(f".{form}"):
            return form
    raise UnreadablePost(
        f"The file {name[-60:]!r} is no post: give Markdown (.md) or a notebook (.ipynb)."
    )


def check_size(content: bytes) -> None:
    """Raises UnreadablePost for a file that is larger than a post may be."""
    if len(content) > MAX_BYTES:
        raise UnreadablePost(
            f"The post is over {MAX_BYTES // 1024**2} MB: clear its large outputs and save it."
        )


def alt_in(source: str) -> str:
    """What a line ``# alt: ...`` (in SQL ``-- alt: ...``) of the code says of its figures."""
    alt = ALT.search(source)
    return alt[1].strip()[:MAX_ALT] if alt else ""


def check_languages(front: FrontMatter, cells: Iterable[WrittenCell]) -> None:
    """Python and SQL run together, R by itself. Raises UnreadablePost."""
    for cell in cells:
        if not isinstance(cell, WrittenCode) or not cell.runs:
            continue
        if (cell.language == "r") != (front.language == "r"):
            raise UnreadablePost(
                f"A cell is {cell.language} and the post is {front.language}: write "
                f"`{cell.language} no-run` where it begins, if it is only to be shown."
            )
