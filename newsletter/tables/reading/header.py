"""What tops a table: titles, and a header of one row or of several."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from newsletter.tables.missing_words import MISSING_WORDS
from newsletter.tables.reading.doubts import Doubt
from newsletter.tables.reading.staging import MAX_COLUMNS

VALUE = re.compile(
    r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|true|false", re.I
)
YEAR = re.compile(r"(1[5-9]|20)\d\d")
# What stands over numbers as a name: a table of years, of days or of percentiles is wide.
SPANS: Mapping[str, re.Pattern[str]] = {
    "year": YEAR,
    "day": re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?"),
    "percent": re.compile(r"\d{1,9}([.,]\d{1,9})?\s?%"),
}
WORD = re.compile(r"[^\W\d_]")  # how a word begins
# Words that stand where a value is not known; a row of them is data.
UNKNOWN = {*MISSING_WORDS, "suppressed", "redacted", "nd", "tbd", "x"}
MOST_ROWS = 4  # of a header
MOST_TITLES = 20  # lines above it
LEAST_BODY = 3  # rows of values that must follow before a second row is taken for header
LEAST_WIDE = 2  # columns of a table whose header may be a cell short
LEAST_STEPS = 3  # numbers that count up
MOSTLY = 0.5  # of the rows

Row = Sequence[str]


def has_header(rows: Sequence[Row], declared: set[str]) -> bool:
    """Whether the first row names the columns (``declared`` are names that it should have).

    It does unless it has values, such as numbers, where the rows below have
    them too. Two or more different years are names: many tables are wide. So are days,
    percents and numbers in equal steps over values of another kind, and whatever stands
    beside a word over a column of numbers.
    """
    first, *rest = rows
    if len(first) > MAX_COLUMNS:  # it is refused: nothing need be known of it
        return True
    names = [cell.strip() for cell in first]
    if declared & set(names):
        return True
    values = [at for at, cell in enumerate(names) if VALUE.fullmatch(cell)]
    years = {names[at] for at in values if YEAR.fullmatch(names[at])}
    if not values or (len(years) == len(values) > 1):
        return True
    if not rest:
        return False
    return (
        any(not _has_values(rest, at) for at in values)
        or _are_names(names, rest)
        or _span(names, values, rest)
        or _counts_up(names, values, rest)
    )


def count_header_rows(rows: Sequence[Row], declared: set[str], notes: list[str]) -> int:
    """How many rows, from the first, are the header: 0 for none.

    A second row belongs to it only when it has different words in every
    column whose rows below hold values. ``notes`` gains a sentence then.
    """
    if not has_header(rows, declared):
        return 0
    if len(rows[0]) > MAX_COLUMNS:
        return 1
    if not declared & {cell.strip() for cell in rows[0]}:
        notes += _doubt(rows)
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


def fitted_header(rows: Sequence[Row]) -> list[Row]:
    """``rows`` with a first one that is a cell short or long made as wide as those below.

    It is short where the first column has the rows' names, as R writes them, and long where
    a delimiter ends it.
    """
    first, *rest = rows
    widths = Counter(len(row) for row in rest if row)
    width, count = widths.most_common(1)[0] if widths else (len(first), 0)
    if count < MOSTLY * widths.total() or width < LEAST_WIDE:
        return list(rows)
    if len(first) == width + 1 and not first[-1].strip():
        return [first[:-1], *rest]
    ends_empty = all(not row[-1].strip() for row in rest if len(row) == width)
    is_named = all(cell.strip() and not VALUE.fullmatch(cell.strip()) for cell in first)
    if len(first) == width - 1 and is_named and not ends_empty:
        return [["", *first], *rest]
    return list(rows)


def title_rows(rows: Sequence[Row], declared: set[str]) -> int:
    """How many rows stand above the header: they fill one cell at most of a wide table."""
    widths = Counter(len(row) for row in rows if row)
    if not widths or not 3 <= widths.most_common(1)[0][0] <= MAX_COLUMNS:
        return 0
    for above, row in enumerate(rows[:MOST_TITLES]):
        filled = [cell for cell in row if cell.strip()]
        is_group = bool(filled) and not row[0].strip()
        if is_group and count_header_rows(rows[above:], declared, []) > 1:
            return above
        if len(filled) > 1 or declared & set(filled):
            return above if has_header(rows[above:], declared) else 0
    return 0


def _are_names(names: Sequence[str], rest: Sequence[Row]) -> bool:
    """Whether all cells are different, and a word stands over a column of values."""
    filled = [name.casefold() for name in names[1:] if name]
    if len(filled) < len(names) - 1 or len({*filled, names[0].casefold()}) < len(names):
        return False
    return any(
        WORD.match(name) and name.casefold() not in UNKNOWN and _has_values(rest, at)
        for at, name in enumerate(names)
        if not VALUE.fullmatch(name)
    )


def _span(names: Sequence[str], values: Sequence[int], rest: Sequence[Row]) -> bool:
    """Whether the values are different years, days or percents over values that are none."""
    if len({names[at] for at in values}) < len(values) or not WORD.search(" ".join(names)):
        return False
    return any(
        all(pattern.fullmatch(names[at]) for at in values)
        and not any(_has_values(rest, at, pattern) for at in values)
        for pattern in SPANS.values()
    )


def _counts_up(names: Sequence[str], values: Sequence[int], rest: Sequence[Row]) -> bool:
    """Whether the values are whole numbers in equal steps, as the rows below are not."""
    places = {0, *values}
    if any(name and at not in places for at, name in enumerate(names)):
        return False
    return _has_steps(names, values) and not any(_has_steps(row, values) for row in rest)


def _has_steps(row: Row, places: Sequence[int]) -> bool:
    cells = [row[at].strip() for at in places if at < len(row)]
    if len(cells) < LEAST_STEPS or not all(map(str.isdecimal, cells)):
        return False
    steps = {int(upper) - int(lower) for lower, upper in pairwise(cells)}
    return len(steps) == 1 and steps.pop() > 0


def _doubt(rows: Sequence[Row]) -> list[str]:
    """A sentence where the header could be a row of data."""
    values = [cell.strip() for cell in rows[0] if VALUE.fullmatch(cell.strip())]
    if not values or (len(values) > 1 and all(map(YEAR.fullmatch, values))):
        return []
    note = f"The first row was taken for the header, though {values[0]} looks like a value"
    return [Doubt(f"{note}: state 0 header rows if it is none.", "header_guessed")]


def _spans_below(row: Row, above: Row, body: Sequence[Row]) -> bool:
    """Whether a row of names stands below one of groups in a table of words."""
    groups = [cell.strip() for cell in above]
    lower = [cell.strip() for cell in row]
    has_gap = any(not cell for cell in groups[1:]) and any(groups)
    if not has_gap or not all(lower) or len(lower) < LEAST_STEPS:
        return False
    under = [{cells[at].strip() for cells in body if at < len(cells)} for at in range(len(lower))]
    filled = [sum(bool(cells[at].strip()) for cells in body if at < len(cells))
              for at, cell in enumerate(groups) if not cell]  # fmt: skip
    is_full = all(count * 2 > len(body) for count in filled)
    is_new = all(name not in cells for name, cells in zip(lower, under, strict=True))
    return is_full and is_new and not any(map(VALUE.fullmatch, lower))


def _goes_on(rows: Sequence[Row], at: int) -> bool:
    body = rows[at + 1 :]
    if len(body) < LEAST_BODY:
        return False
    row, above = [cell.strip() for cell in rows[at]], rows[at - 1]
    if at == 1 and _spans_below(row, above, body):
        return True
    valued = [column for column in range(len(row)) if _has_values(body, column)]
    words = [row[column] for column in valued]
    if len(valued) < 2 or any(word.casefold() in UNKNOWN for word in words):
        return False
    is_grouped = any(not cell.strip() for cell in above)
    if all(YEAR.fullmatch(word) for word in words):
        return is_grouped and len(set(words)) > 1
    return not any(map(VALUE.fullmatch, words)) and (is_grouped or len(set(words)) > 1)


def _has_values(rows: Sequence[Row], at: int, pattern: re.Pattern[str] = VALUE) -> bool:
    """Whether most cells of a column that are not empty are of ``pattern``."""
    cells = [row[at].strip() for row in rows if at < len(row) and row[at].strip()]
    return bool(cells) and sum(bool(pattern.fullmatch(cell)) for cell in cells) * 2 > len(cells)
