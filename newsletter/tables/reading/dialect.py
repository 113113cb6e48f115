"""How a delimited text is laid out: what stands above it, its delimiter, its quotes."""

import csv
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress

from newsletter.tables.reading.header import fitted_header, has_header

# By how seldom a header has one that is not the delimiter.
DELIMITERS = "\t;,|\x1f\x01~^¦"
CLEARLY = 0.9  # of the lines have one width
HALF = 0.5  # of them, at least, in a table that begins with its header
MOST_ABOVE = 20  # lines of words above a header
FEW_ABOVE = 0.1  # of the lines may stand above a table without a header
MOST_BELOW = 1 / 3  # of the lines may be notes below the table


def find_delimiter(sample: Sequence[str]) -> str:
    """The delimiter under which most lines have as many cells as the first, or as the second
    where the first is a header that is a cell short or long; a comma if none."""
    best, share, _ = _best(sample)
    if share < HALF and len(sample) > 1:
        below, share_below, _ = _best(sample[1:])
        best = below if share_below > share else best
    return best or ","


def is_delimited(sample: Sequence[str], delimiter: str | None = None, least: float = HALF) -> bool:
    """Whether a delimiter parts at least such a part of the lines as it parts the first."""
    return _best(sample, delimiter, below=MOST_BELOW if least < 1 else 0)[1] >= least


def lines_above(sample: Sequence[str], delimiter: str | None) -> int:
    """How many lines of words stand above a table that has more columns than they."""
    if _best(sample, delimiter)[1] >= HALF or _is_parted_by_spaces(sample):
        return 0
    for above in range(1, min(MOST_ABOVE, len(sample) - 2)):
        best, share, width = _best(sample[above:], delimiter, below=MOST_BELOW)
        is_apart = not sample[above - 1].strip()
        if best and share >= CLEARLY and width >= (2 if is_apart else 3):
            above -= _is_odd_header(sample[above - 1 :], best, width)
            rows = fitted_header(rows_of(sample[above:], best))
            is_sure = has_header(rows, set()) or above <= FEW_ABOVE * len(rows)
            return above if is_sure else 0  # they may be rows, of columns that spaces part
    return 0


def _is_parted_by_spaces(sample: Sequence[str]) -> bool:
    """Whether runs of spaces and tabs part as many cells in each line: all of them are rows."""
    counts = {len(line.split()) for line in sample if line.strip()}
    return len(counts) == 1 and counts.pop() > 1


def _is_odd_header(sample: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether the first line is a header that is a cell short, as R writes it, or long."""
    rows = rows_of(sample, delimiter)
    return len(rows[0]) != width == len(fitted_header(rows)[0])


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
    are written; None if they are doubled, as in RFC 4180, which ``\""`` in a cell shows."""
    ends = rf"[{re.escape(delimiter)}\r\n]|$"
    mark = re.compile(rf'\\"(?!{ends})')
    text = "".join(sample)
    if not re.search(rf'\\"(?!"|{ends})', text) or re.search(rf'\\""(?!{ends})', text):
        return None
    if re.search(r'[^\\,;\t|\r\n"]""[^,;\t|\r\n"]', text):
        return None
    return mark


def _best(
    sample: Sequence[str], stated: str | None = None, *, below: float = 0
) -> tuple[str | None, float, int]:
    """The delimiter, the share of the lines that are as wide as the first, and that width.

    The last lines may be of any width, if they are at most such a part of all: notes ``below``.
    """
    best: tuple[str | None, float, int] = (None, 0.0, 1)
    for delimiter in stated or DELIMITERS:
        rows = rows_of(sample, delimiter)
        width = len(rows[0])
        least = len(rows) * (1 - below)
        while len(rows) > least and len(rows[-1]) != width:
            rows.pop()
        share = sum(len(row) == width for row in rows) / len(rows)
        if width > 1 and share > best[1] + 0.05:
            best = (delimiter, share, width)
    return best


def rows_of(sample: Iterable[str], delimiter: str, *, is_spaced: bool = False) -> list[list[str]]:
    """The records of the sample, which may end inside the last one; never empty."""
    rows: list[list[str]] = []
    with suppress(csv.Error):  # a cell that is too long: what came before it must do
        rows += filter(None, csv.reader(sample, delimiter=delimiter, skipinitialspace=is_spaced))
    return rows or [[]]
