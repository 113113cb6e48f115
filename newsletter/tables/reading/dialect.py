"""How a delimited text is laid out: what stands above it, its delimiter, its quotes."""

import csv
import re
from collections.abc import Sequence
from contextlib import suppress

# By how seldom a header has one that is not the delimiter.
DELIMITERS = "\t;,|\x1f\x01~^¦"
CLEARLY = 0.9  # of the lines have one width
MOST_ABOVE = 20  # lines of words above a header


def find_delimiter(sample: Sequence[str]) -> str:
    """The delimiter under which most lines have as many cells as the first; a comma if none."""
    return _best(sample)[0] or ","


def lines_above(sample: Sequence[str], delimiter: str | None) -> int:
    """How many lines of words stand above a table that has more columns than they."""
    if _best(sample, delimiter)[0]:
        return 0
    for above in range(1, min(MOST_ABOVE, len(sample) - 2)):
        best, share, width = _best(sample[above:], delimiter)
        is_apart = not sample[above - 1].strip()
        if best and share >= CLEARLY and width >= (2 if is_apart else 3):
            return above
    return 0


def comment_lines(sample: Sequence[str], delimiter: str | None) -> int:
    """How many lines at the top are comments, which begin with ``#``.

    The last of them is the header if it has as many cells as the row below
    and begins with its first name: ``#id,name``.
    """
    count = next((at for at, line in enumerate(sample) if line[:1] != "#"), len(sample))
    if count == 0 or count == len(sample):
        return 0
    best = delimiter or _best(sample[count:])[0]
    if best is None:
        return 0 if count == 1 else count
    last, below = rows_of(sample[count - 1 : count + 1], best)[:2]
    names_columns = re.match(r"#\w", last[0]) and len(last) == len(below) > 1
    return count - 1 if names_columns else count


def is_spaced(sample: Sequence[str], delimiter: str) -> bool:
    """Whether a space follows every delimiter, as people write lists."""
    text = "".join(sample)
    if f'{delimiter} "' in text and f'{delimiter}"' not in text:
        return True
    return 0 < text.count(delimiter) == text.count(f"{delimiter} ")


def escaped_quote(sample: Sequence[str], delimiter: str) -> re.Pattern[str] | None:
    r"""What finds a quote that a backslash escapes (``\"``), if that is how quotes in cells
    are written; None if they are doubled, as in RFC 4180."""
    mark = re.compile(rf'\\"(?![{re.escape(delimiter)}\r\n]|$)')
    text = "".join(sample)
    if not mark.search(text) or re.search(r'[^\\,;\t|\r\n"]""[^,;\t|\r\n"]', text):
        return None
    return mark


def _best(sample: Sequence[str], stated: str | None = None) -> tuple[str | None, float, int]:
    """The delimiter, the share of the lines that are as wide as the first, and that width."""
    best: tuple[str | None, float, int] = (None, 0.0, 1)
    for delimiter in stated or DELIMITERS:
        rows = rows_of(sample, delimiter)
        width = len(rows[0])
        share = sum(len(row) == width for row in rows) / len(rows)
        if width > 1 and share > best[1] + 0.05:
            best = (delimiter, share, width)
    return best


def rows_of(sample: Sequence[str], delimiter: str) -> list[list[str]]:
    """The records of the sample, which may end inside the last one; never empty."""
    rows: list[list[str]] = []
    with suppress(csv.Error):  # a cell that is too long: what came before it must do
        rows += (row for row in csv.reader(sample, delimiter=delimiter) if row)
    return rows or [[]]
