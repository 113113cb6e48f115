"""What tops a table: titles, and a header of one row or of several."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from newsletter.tables.missing_words import MISSING_WORDS

VALUE = re.compile(
    r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|true|false", re.I
)
YEAR = re.compile(r"(1[5-9]|20)\d\d")
# Words that stand where a value is not known; a row of them is data.
UNKNOWN = {*MISSING_WORDS, "suppressed", "redacted", "nd", "tbd", "x"}
MOST_ROWS = 4  # of a header
MOST_TITLES = 20  # lines above it
LEAST_BODY = 3  # rows of values that must follow before a second row is taken for header

Row = Sequence[str]


def has_header(rows: Sequence[Row], declared: set[str]) -> bool:
    """Whether the first row names the columns (``declared`` are names that it should have).

    It does unless it has values, such as numbers, where the rows below have
    them too. Two or more different years are names: many tables are wide.
    """
    first, *rest = rows
    names = [cell.strip() for cell in first]
    if declared & set(names):
        return True
    values = [at for at, cell in enumerate(names) if VALUE.fullmatch(cell)]
    years = {names[at] for at in values if YEAR.fullmatch(names[at])}
    if not values or (len(years) == len(values) > 1):
        return True
    return any(not _has_values(rest, at) for at in values) if rest else False


def count_header_rows(rows: Sequence[Row], declared: set[str], notes: list[str]) -> int:
    """How many rows, from the first, are the header: 0 for none.

    A second row belongs to it only when it has different words in every
    column whose rows below hold values. ``notes`` gains a sentence then.
    """
    if not has_header(rows, declared):
        return 0
    depth = 1
    if not declared & {cell.strip() for cell in rows[0]}:
        while depth < MOST_ROWS and _goes_on(rows, depth):
            depth += 1
    if depth > 1:
        notes.append(
            f"The first {depth} rows were read as the header: state 1 header row if they are not."
        )
    return depth


def joined_header(rows: Sequence[Row]) -> list[str]:
    """One name a column from a header's rows: ``Size`` over ``height`` is ``Size height``.

    A name over several columns stands in the first of them only.
    """
    width = max(map(len, rows))
    padded = [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    for upper, lower in pairwise(padded):
        for at in range(1, width):
            if not upper[at] and lower[at] and lower[at - 1] and upper[at - 1]:
                upper[at] = upper[at - 1]
    return [" ".join(filter(None, column)) for column in zip(*padded, strict=True)]


def title_rows(rows: Sequence[Row], declared: set[str]) -> int:
    """How many rows stand above the header: they fill one cell at most of a wide table."""
    widths = Counter(len(row) for row in rows if row)
    if not widths or widths.most_common(1)[0][0] < 3:
        return 0
    for above, row in enumerate(rows[:MOST_TITLES]):
        filled = [cell for cell in row if cell.strip()]
        if len(filled) > 1 or declared & set(filled):
            return above if has_header(rows[above:], declared) else 0
    return 0


def _goes_on(rows: Sequence[Row], at: int) -> bool:
    body = rows[at + 1 :]
    if len(body) < LEAST_BODY:
        return False
    row, above = [cell.strip() for cell in rows[at]], rows[at - 1]
    valued = [column for column in range(len(row)) if _has_values(body, column)]
    words = [row[column] for column in valued]
    if len(valued) < 2 or any(word.casefold() in UNKNOWN for word in words):
        return False
    is_grouped = any(not cell.strip() for cell in above)
    if all(YEAR.fullmatch(word) for word in words):
        return is_grouped and len(set(words)) > 1
    return not any(map(VALUE.fullmatch, words)) and (is_grouped or len(set(words)) > 1)


def _has_values(rows: Sequence[Row], at: int) -> bool:
    cells = [row[at].strip() for row in rows if at < len(row) and row[at].strip()]
    return bool(cells) and sum(bool(VALUE.fullmatch(cell)) for cell in cells) * 2 > len(cells)
