"""A post as its author wrote it, whatever the form: front matter and cells in order."""

from dataclasses import dataclass
from typing import Any, Literal

from newsletter.posts.front_matter import FrontMatter

Form = Literal["md", "ipynb"]
FORMS: tuple[Form, ...] = ("md", "ipynb")
RUN = ("python", "sql", "r")  # languages whose cells are run


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
