"""A post as its author wrote it, whatever the form: front matter and cells in order."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from newsletter.errors import UnreadablePost
from newsletter.posts.front_matter import FrontMatter

Form = Literal["md", "ipynb"]
RUN = ("python", "sql", "r")  # languages whose cells are run
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


def alt_in(source: str) -> str:
    """What a line ``# alt: ...`` (in SQL ``-- alt: ...``) of the code says of its figures."""
    found = ALT.search(source)
    return found[1].strip()[:MAX_ALT] if found else ""


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
