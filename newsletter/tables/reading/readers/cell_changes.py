"""What a person states of cells that are not as they were meant: text that was decoded twice
wrongly is repaired, and labels of merged rows are filled down. All is counted."""

import html
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.staging import Reading, unique_names

# The bytes that go on a character of UTF-8, as Windows' Western encoding shows them.
FOLLOWING = "\u0080-\u00bf" + re.escape(
    "".join(bytes([b]).decode("cp1252", "ignore") for b in range(0x80, 0xA0))
)
MOJIBAKE = re.compile(
    f"[\u00c2-\u00df][{FOLLOWING}]|[\u00e0-\u00ef][{FOLLOWING}]{{2}}|[\u00f0-\u00f4][{FOLLOWING}]{{3}}"
)
ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
MOST_TIMES = 3  # that a text was decoded wrongly

Row = Sequence[str]


def repaired(text: str) -> str:
    """``text`` with the characters that were meant by mojibake and by HTML entities."""
    for _ in range(MOST_TIMES):
        before, text = text, MOJIBAKE.sub(_meant, text) if not text.isascii() else text
        if text == before:
            break
    return ENTITY.sub(lambda entity: html.unescape(entity[0]), text) if "&" in text else text


class CellChanges:
    """The changes that are stated for a table, and how many cells of which columns had them."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.repairs: bool = options.get("repair", False)
        self._wanted: Sequence[str] = options.get("fill_down", ())
        self._repaired: Counter[str] = Counter()
        self._filled: Counter[str] = Counter()

    @property
    def are_none(self) -> bool:
        return not self.repairs and not self._wanted

    def of_rows(self, names: Sequence[str], null: str) -> Callable[[Row], Row]:
        """What changes each row of a table with columns of these ``names``. Raises
        UnreadableTable where one that is to be filled is not there."""
        for name in self._wanted:
            if name not in names:
                raise UnreadableTable(f"There is no column {name[:60]!r} to fill down.")
        places = [names.index(name) for name in self._wanted]
        last = dict.fromkeys(places, null)

        def changed(row: Row) -> Row:
            cells = list(row)
            if self.repairs:
                for at, cell in enumerate(cells):
                    if (better := repaired(cell)) != cell:
                        cells[at] = better
                        self._repaired[names[at]] += 1
            for at in places:
                if cells[at] in ("", null):
                    self._filled[names[at]] += last[at] != null
                    cells[at] = last[at]
                last[at] = cells[at]
            return cells

        return changed

    def of_reading(self, reading: Reading) -> Reading:
        """``reading`` with names that are repaired as cells are. Raises UnreadableTable for a
        file whose cells have types."""
        if any(column.type for column in reading.columns):
            raise UnreadableTable(
                "Cells of Parquet and Arrow files are not changed: give the table as CSV."
            )
        if not self.repairs:
            return reading
        names = unique_names([repaired(column.name) for column in reading.columns], [])
        columns = [replace(c, name=name) for c, name in zip(reading.columns, names, strict=True)]
        return replace(reading, columns=columns)

    def notes(self) -> list[str]:
        """What was changed, with the count of each column."""
        return [
            f"{count:,} {'cell' if count == 1 else 'cells'} of {name} {done}."
            for counts, done in ((self._repaired, "repaired"), (self._filled, "filled down"))
            for name, count in counts.items()
            if count
        ]


def _meant(sequence: re.Match[str]) -> str:
    raw = b"".join(_byte(sign) for sign in sequence[0])
    try:
        return raw.decode("utf-8")
    except UnicodeError:
        return sequence[0]


def _byte(sign: str) -> bytes:
    return bytes([ord(sign)]) if ord(sign) < 0x100 else sign.encode("cp1252")
