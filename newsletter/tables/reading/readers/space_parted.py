"""Text whose columns are parted by runs of blanks, or stand below each other: as R and many
older programs print tables. It is turned into comma-separated lines, one for one.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise

from newsletter.tables.reading.header import VALUE, fitted_header

MOST = 0.9  # of the lines have one number of cells
LEAST_LINES = 3  # with the header
LEAST_QUOTED = 2
LEAST_SINGLE = 3  # columns, where single blanks part them
MOST_ABOVE = 10  # lines of titles
MOST_COLUMNS = 2000
# Blanks are spaces and tabs: a no-break space is part of a cell.
CELL = re.compile(r'"((?:[^"\\]|\\.|"")*)"(?=\s|$)|(\S+)', re.ASCII)
ESCAPED = re.compile(r'\\(["\\])|""')
RUN = re.compile(r"\S(?: {2,}|[ ]*\t[ \t]*)\S")
# One value with blanks in it: of such columns there may be a single one.
WHOLE = re.compile(
    r"[^\w]{0,3}\d{1,3}( \d{3})+([.,]\d+)?|\d{1,2}\.? [^\W\d]+,? \d{2,4}.{0,30}"
    r"|[^\W\d]+ \d{1,2},? \d{2,4}.{0,30}|\d{4}-\d\d-\d\d .{1,40}"
)
PARTED = re.compile(r"[^\s\d][,;|] |\d[,;|] \d")  # by a delimiter with a blank after it
COMMENT = re.compile(r"^#+\s*")
TAB = 8  # columns between the stops

Columns = Sequence[tuple[int, int]]  # where each begins and ends
Split = Callable[[str], list[str]]
RUNS = "Runs of blanks part the columns."
PLACES = "The columns were found by their places in the lines."


@dataclass(frozen=True, slots=True)
class Layout:
    note: str
    above: int  # lines of titles, which are left as they are
    split: Split

    def as_delimited(self, lines: Iterable[str]) -> Iterator[str]:
        """Each of ``lines`` as one of comma-separated cells."""
        for at, line in enumerate(lines):
            bare = line.rstrip("\r\n")
            if at == self.above:
                bare = COMMENT.sub("", bare)
            cells = [bare.strip()] if at < self.above else self.split(bare)
            yield _written(cells) if any(cells) else "\n"


def find_layout(sample: Sequence[str]) -> Layout | None:
    """How blanks part the cells of a text without delimiters; None if they do not."""
    lines = [line.rstrip("\r\n") for line in sample]
    if sum("\t" in line for line in lines) * 2 > len(lines):
        return None  # tabs part them, below something else
    comments = next((at for at, line in enumerate(lines) if line[:1] != "#"), len(lines))
    for above in range(max(comments - 1, 0), min(comments + MOST_ABOVE, len(lines))):
        if not all(map(str.strip, lines[above : above + 2])):  # a title has a blank line below
            continue
        rest = [COMMENT.sub("", lines[above]), *filter(str.strip, lines[above + 1 :])]
        if len(rest) < (LEAST_QUOTED if rest[0].startswith('"') else LEAST_LINES):
            break
        width, columns = _width(rest), _columns(rest)
        if columns and (not 0 < width <= len(columns) or not _is_even(rest)):
            return Layout(PLACES, above, partial(_cut, columns=columns))
        if width:
            return Layout(RUNS, above, cells_of)
    return None


def cells_of(line: str) -> list[str]:
    """The cells between runs of blanks; a quoted one may hold blanks."""
    return [
        word or ESCAPED.sub(lambda mark: mark[1] or '"', quoted)
        for quoted, word in CELL.findall(line)
    ]


def _width(lines: Sequence[str]) -> int:
    """How many cells runs of blanks part in nearly every line; 0 if they part none."""
    rows = fitted_header([cells_of(line) for line in lines])
    width = len(rows[0])
    if not 2 <= width <= MOST_COLUMNS or sum(len(row) == width for row in rows) < MOST * len(rows):
        return 0
    if sum(bool(WHOLE.fullmatch(line.strip())) for line in lines[1:]) * 2 > len(lines) - 1:
        return 0
    if any(line.lstrip().startswith('"') for line in lines[1:]):
        return width
    if sum(bool(PARTED.search(line)) for line in lines) * 2 > len(lines):
        return 0
    has_values = any(_holds_values(rows[1:], at) for at in range(width))
    is_sure = width >= LEAST_SINGLE or _are_aligned(lines)
    return width if has_values and is_sure else 0


def _is_even(lines: Sequence[str]) -> bool:
    """Whether blanks part as many cells in every line, and so no words of a cell."""
    return len({len(row) for row in fitted_header([cells_of(line) for line in lines])}) == 1


def _are_aligned(lines: Sequence[str]) -> bool:
    return sum(bool(RUN.search(line)) for line in lines) * 2 > len(lines)


def _holds_values(rows: Sequence[Sequence[str]], at: int) -> bool:
    cells = [row[at] for row in rows if at < len(row)]
    return sum(bool(VALUE.fullmatch(cell)) for cell in cells) * 2 > len(cells)


def _columns(lines: Sequence[str]) -> Columns:
    """Where the columns begin and end, if blanks stand at the same places in all lines."""
    lines = [line.expandtabs(TAB) for line in lines]
    if not _are_aligned(lines):
        return []
    covered = [False] * (max(map(len, lines)) + 2)  # with a blank before and after
    for word in chain.from_iterable(re.finditer(r"[^ ]+", line) for line in lines):
        covered[word.start() + 1 : word.end() + 1] = [True] * (word.end() - word.start())
    edges = [at for at, (left, right) in enumerate(pairwise(covered)) if left != right]
    columns = _joined(list(zip(edges[::2], edges[1::2], strict=True)), lines[0])
    header, *rows = [_cut(line, columns) for line in lines]
    if not 2 <= len(columns) <= MOST_COLUMNS or not all(header[1:]):
        return []
    places = range(len(columns))
    is_full = all(sum(bool(row[at]) for row in rows) * 2 > len(rows) for at in places)
    return columns if is_full and any(_holds_values(rows, at) for at in places) else []


def _joined(columns: Columns, header: str) -> Columns:
    """``columns`` with those joined that one blank and no name parts: a day and a time.

    A name stands where the first part of its column begins, or else over the last one. The
    first column may have the rows' names, and none itself."""
    joined, is_open = list(columns[:1]), False  # the last one may go on without a name
    for start, end in columns[1:]:
        is_named = bool(header[start:end].strip())
        begun = joined[-1][0]
        is_over_first = bool(header[begun : begun + 1].strip())
        goes_on = is_open or (not is_named and is_over_first)
        if start - joined[-1][1] == 1 and goes_on:
            joined[-1] = (begun, end)
        else:
            joined.append((start, end))
            is_over_first = False
        is_open = not is_named and not (goes_on and is_over_first)
    return joined


def _cut(line: str, columns: Columns) -> list[str]:
    """The cells of a line; there is one too many where a word goes across two columns."""
    line = line.expandtabs(TAB)
    cells, start, across = [], 0, ""
    for (_, end), (following, _) in pairwise(columns):
        gap = line[end:following]
        blanks = max(re.findall(" +", gap), key=len, default="")
        if gap and not blanks:
            across = line.strip()
        cut = end + gap.find(blanks) if blanks else end
        cells.append(line[start:cut].strip())
        start = cut
    return [*cells, line[start:].strip(), *filter(None, [across])]


def _written(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
