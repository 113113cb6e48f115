"""What readers are shown of a post, made safe: the values that ``Post.cells`` keeps as JSON.

Text is text: whoever shows it escapes it. ``Prose`` is Markdown, for catalog.markdown;
``Html.html`` alone is markup, which nh3 has cleaned. Sources keep ``../data/<file>``, for
which catalog.data_paths puts an address where it is shown.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

NUMBER = re.compile(r"[-+−]?[\d,. ]*\d\.?(?:e[-+]?\d+)?%?", re.IGNORECASE)
MISSING = frozenset({"", "na", "nan", "<na>", "none", "null", "–"})


@dataclass(frozen=True, slots=True)
class Prose:
    """As a cell, or as what a cell put out."""

    markdown: str
    kind: Literal["prose"] = "prose"


@dataclass(frozen=True, slots=True)
class Text:
    """What was printed, or a plain result."""

    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class Error:
    """The traceback of code that failed."""

    text: str
    kind: Literal["error"] = "error"


@dataclass(frozen=True, slots=True)
class Table:
    """A result in rows and columns; each row is as long as ``header``."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""  # such as "6 of 344 rows"
    kind: Literal["table"] = "table"

    @property
    def numeric(self) -> tuple[bool, ...]:
        """For each column, whether it holds numbers, which align to the right."""
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(self.header)
        return tuple(map(_is_numeric, columns))


@dataclass(frozen=True, slots=True)
class Html:
    """Clean markup: paragraphs, lists and links, with no attribute but href."""

    html: str
    kind: Literal["html"] = "html"


@dataclass(frozen=True, slots=True)
class Figure:
    """A PNG in the storage."""

    key: str
    width: int  # px
    height: int  # px
    alt: str
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True, slots=True)
class Note:
    """What was left out, and why."""

    text: str
    kind: Literal["note"] = "note"


Output = Text | Error | Table | Prose | Html | Figure | Note


@dataclass(frozen=True, slots=True)
class Code:
    language: str  # as Pygments knows it
    source: str
    runs: bool  # False: it is only shown
    outputs: tuple[Output, ...] = ()
    kind: Literal["code"] = "code"


Cell = Prose | Code

OUTPUTS: Mapping[str, type[Output]] = {
    "text": Text,
    "error": Error,
    "prose": Prose,
    "html": Html,
    "figure": Figure,
    "note": Note,
}


def as_json(cells: Iterable[Cell]) -> list[dict[str, Any]]:
    """``cells`` as ``Post.cells`` keeps them: as JSON has them, so that what is kept equals
    what it is read back as."""
    kept: list[dict[str, Any]] = json.loads(json.dumps([asdict(cell) for cell in cells]))
    return kept


def from_json(kept: Sequence[Mapping[str, Any]]) -> tuple[Cell, ...]:
    """The cells that ``as_json`` wrote."""
    return tuple(_cell(entry) for entry in kept)


def figures(cells: Iterable[Cell]) -> list[Figure]:
    """Each figure, in order."""
    return [
        output
        for cell in cells
        if isinstance(cell, Code)
        for output in cell.outputs
        if isinstance(output, Figure)
    ]


def _is_numeric(cells: Iterable[str]) -> bool:
    present = [cell.strip() for cell in cells if cell.strip().casefold() not in MISSING]
    return bool(present) and all(map(NUMBER.fullmatch, present))


def _cell(entry: Mapping[str, Any]) -> Cell:
    if entry["kind"] == "prose":
        return Prose(**entry)
    return Code(**{**entry, "outputs": tuple(map(_output, entry["outputs"]))})


def _output(entry: Mapping[str, Any]) -> Output:
    if entry["kind"] == "table":
        rows = tuple(tuple(row) for row in entry["rows"])
        return Table(tuple(entry["header"]), rows, entry["note"])
    return OUTPUTS[entry["kind"]](**entry)
