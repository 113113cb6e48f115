"""What stands above and below a table and is no part of it: titles, sources, footnotes."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

MOST_HELD = 200  # rows below which nothing else came, at most
SHOWN = 4  # of the lines that are set apart
LONGEST_SHOWN = 80  # characters of each
LEAST_COLUMNS = 2
NOTE = re.compile(
    r"\s*([*†‡§©]|(source|note|footnote|copyright|disclaimer|legend|quelle|anmerkung|hinweis|fuente"
    r"|nota|fonte|bron)s?\s*[:.]|(last[ _-]?updated|data from|data source|generated|downloaded"
    r"|retrieved|exported|as of|see also)\b|\(?[a-z0-9]\)\s|\[\d+\]\s|\d\.\s+[^\W\d_])",
    re.IGNORECASE,
)
A_FEW_WORDS = 3

WORD = re.compile(r"[^\W\d_]{2}")

Row = Sequence[Any]  # texts; of a spreadsheet other values, too


def is_blank(row: Row) -> bool:
    return not any(map(_text_of, row))


class Footnotes:
    """Holds rows back that may be notes below a table, until it is known whether rows follow.

    A note fills the first cell alone. It is told from a row without values by its words
    (``Source: ...``), by being shorter than a row, or by a blank row above it.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._held: list[tuple[int, Row]] = []

    @property
    def is_empty(self) -> bool:
        return not self._held

    def rows(self, at: int, row: Row) -> list[tuple[int, Row]]:
        """The rows known to be of the table, now that ``row`` came; each with its place."""
        if self._width >= LEAST_COLUMNS and self._may_be_note(row):
            self._held.append((at, row))
            if len(self._held) <= MOST_HELD:
                return []
            return [self._held.pop(0)]
        rows = [*self._held, (at, row)] if self._held else [(at, row)]
        self._held = []
        return rows

    def end(self) -> tuple[list[tuple[int, Row]], list[str], int]:
        """The rows that were held back and are of the table, the notes below it, and how many
        blank rows stand with them."""
        first = next(self._first_notes(), len(self._held))
        rows, below = self._held[:first], [row for _, row in self._held[first:]]
        notes = [_text(row) for row in below if not is_blank(row)]
        while notes and rows and is_blank(rows[-1][1]):
            below.append(rows.pop()[1])
        return rows, notes, len(below) - len(notes)

    def _may_be_note(self, row: Row) -> bool:
        if is_blank(row):
            return True
        if len(row) != self._width and self._held:
            return True  # a note with commas in it, below another
        return is_blank(row[1:])

    def _first_notes(self) -> Iterator[int]:
        is_apart = False
        for at, (_, row) in enumerate(self._held):
            text = _text_of(row[0]) if row else ""
            is_short = len(row) == 1 and len(text.split()) >= A_FEW_WORDS
            if NOTE.match(text) or (WORD.search(text) and (is_apart or is_short)):
                yield at
            is_apart = is_apart or is_blank(row)


def apart_note(where: str, lines: Sequence[str]) -> str:
    """The sentence that counts and shows the ``lines`` that stand ``where``."""
    count, were = ("1 line", "was") if len(lines) == 1 else (f"{len(lines):,} lines", "were")
    texts = [line for line in map(_shortened, lines) if line]
    shown = " / ".join(texts[:SHOWN]) + (" / …" if len(texts) > SHOWN else "")
    return f"{where} {count} {were} set apart{': ' if shown else ''}{shown or '.'}"


def _text(row: Row) -> str:
    return ", ".join(filter(None, map(_text_of, row)))


def _text_of(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _shortened(line: str) -> str:
    line = " ".join(line.strip(" \t\r\n,;\"'#").split())
    return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN].rstrip()}…"
