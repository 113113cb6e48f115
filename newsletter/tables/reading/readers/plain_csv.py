"""Delimited text that DuckDB may read by itself: the same rows, many times faster.

``delimited`` goes through a file row by row, so that each row that does not fit is
told by its line. Most files have none. What is looked for here, in one pass over
the bytes, is all that DuckDB would read otherwise, or would not tell; for a file
that has nothing of it the number of lines is known. If DuckDB then finds as many
rows, no row lies on two lines, and none was left out. It also takes a row that goes on
with missing values for one without them, so no row may have cells beyond the last column.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from newsletter.tables.reading.footnotes import MOST_HELD, NOTE
from newsletter.tables.reading.staging import MAX_CELL, NULL

CHUNK = 1024 * 1024
TAIL = 4096  # bytes in which notes below a table begin
LONGEST = MAX_CELL  # bytes of a row, so that no cell has more characters
# DuckDB forgives spaces between a quote and the delimiter.
AROUND_QUOTES = (b' "', b'" ')


def survey(
    path: Path, width: int, delimiter: str, missing: Sequence[str], skip: int, newline: str
) -> int | None:
    r"""How many rows of ``width`` cells DuckDB must find below the first ``skip`` lines of the
    file; ``delimiter`` is one ASCII character, ``newline`` how each line ends, ``\n`` or ``\r\n``.

    None for a file that is to be read row by row: it has no rows, is not UTF-8, has NULs,
    spaces beside quotes, very long lines, lines that end otherwise, rows that are too long, or
    a last row that may be a note.
    """
    rows, end, tail = 0, newline.encode(), b""
    with path.open("rb") as file:
        top = b"".join(file.readline(LONGEST) for _ in range(skip))
        if not _is_plain(top, end):
            return None
        while lines := file.read(CHUNK):
            rest = file.readline(LONGEST)
            lines += rest
            if not lines.endswith(b"\n"):
                lines += end
            if len(rest) == LONGEST or not _is_plain(lines, end):
                return None
            if _may_be_wider(lines, width, delimiter, missing):
                return None
            rows += lines.count(b"\n")
            tail = lines[-TAIL:]
    return None if _may_end_in_notes(tail.decode("utf-8", "replace"), delimiter) else rows or None


def _may_end_in_notes(tail: str, delimiter: str) -> bool:
    """Whether the last row has its first cell alone, which is a note's or below a blank row."""
    *above, last = tail.splitlines()[-MOST_HELD:] or [""]
    cells = next(csv.reader([last], delimiter=delimiter), []) or [""]
    if any(map(str.strip, cells[1:])):
        return False
    return bool(NOTE.match(cells[0])) or not all(row.strip(delimiter) for row in above)


def _is_plain(lines: bytes, end: bytes) -> bool:
    """Whether whole lines hold nothing that DuckDB reads in its own way."""
    ends = lines.count(b"\n")
    if not ends == lines.count(end) == lines.count(b"\r") + ends * (end == b"\n"):
        return False
    if b"\0" in lines or (b'"' in lines and any(sign in lines for sign in AROUND_QUOTES)):
        return False
    if lines.isascii():
        return True
    try:
        return NULL not in lines.decode()
    except UnicodeDecodeError:
        return False


def _may_be_wider(lines: bytes, width: int, delimiter: str, missing: Sequence[str]) -> bool:
    """Whether a row goes on beyond ``width`` cells with nothing but missing values, so that
    DuckDB would not leave it out."""
    if b'"' not in lines:
        return lines.count(delimiter.encode()) != lines.count(b"\n") * (width - 1)
    spelled = [word.replace('"', '""') for word in ("", *missing)]
    endings = tuple(f"{delimiter}{cell}" for word in spelled for cell in (word, f'"{word}"'))
    suspects = (
        line for line in lines.decode().replace("\r", "").split("\n") if line.endswith(endings)
    )
    rows = csv.reader(suspects, delimiter=delimiter, strict=True)
    try:
        return any(len(row) != width for row in rows)
    except csv.Error:
        return True
