"""How a delimited text is laid out: its delimiter, and whether a header tops it."""

import csv
import re
from collections.abc import Sequence

# By how seldom a header has one that is not the delimiter.
DELIMITERS = "\t;,|"
VALUE = re.compile(
    r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|true|false", re.I
)
YEAR = re.compile(r"(1[5-9]|20)\d\d")


def find_delimiter(sample: Sequence[str]) -> str:
    """The delimiter under which most lines have as many cells as the first; a comma if none."""
    best, best_share = ",", 0.0
    for delimiter in DELIMITERS:
        rows = _rows(sample, delimiter)
        width = len(rows[0])
        share = sum(len(row) == width for row in rows) / len(rows)
        if width > 1 and share > best_share + 0.05:
            best, best_share = delimiter, share
    return best


def has_header(sample: Sequence[str], delimiter: str, declared: set[str]) -> bool:
    """Whether the first row names the columns (``declared`` are names that it should have).

    It does unless it has values, such as numbers, where the rows below have
    them too. Two or more different years are names: many tables are wide.
    """
    first, *rest = _rows(sample, delimiter)
    names = [cell.strip() for cell in first]
    if declared & set(names):
        return True
    values = [at for at, cell in enumerate(names) if VALUE.fullmatch(cell)]
    years = {names[at] for at in values if YEAR.fullmatch(names[at])}
    if not values or (len(years) == len(values) > 1):
        return True
    return any(not _has_values(rest, at) for at in values) if rest else False


def _has_values(rows: Sequence[Sequence[str]], at: int) -> bool:
    cells = [row[at].strip() for row in rows if at < len(row) and row[at].strip()]
    return bool(cells) and sum(bool(VALUE.fullmatch(cell)) for cell in cells) * 2 > len(cells)


def _rows(sample: Sequence[str], delimiter: str) -> list[list[str]]:
    """The records of the sample, which may end inside the last one; never empty."""
    rows = [row for row in csv.reader(sample, delimiter=delimiter) if row]
    return rows or [[]]
